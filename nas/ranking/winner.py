"""The question of the winner: who can still be the best, each held against the leader alone.

What is known comes from `nas.ranking.statistics.contest`; the words are those of docs/ranking.md,
"Only the winner".
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from nas.ranking.evidence import Evidence
from nas.ranking.result import NOT_ASKED, LayoutScore, Race, Ranking, Relation, Symbol
from nas.ranking.scope import for_new_images
from nas.ranking.statistics.contest import Contest, comparisons
from nas.ranking.statistics.foresight import seeds_needed
from nas.ranking.wording import listed

_BETTER = (Symbol.MUCH_BETTER, Symbol.BETTER)


def find_race(evidence: Evidence) -> Race | None:
    """Return who can still be the best; None where nobody asked, or there is one layout only."""
    contest = evidence.contest
    if contest is None:
        return None
    names = evidence.pairs.layouts
    scores = {layout.label: layout.score for layout in evidence.layouts}
    leader = names[int(contest.leader)]
    out, close = (_named(names, each) for each in (contest.out, contest.close))
    if not any(n and i not in evidence.withheld for i, n in enumerate(evidence.pairs.n)):
        leader = min(names, key=lambda label: (-scores[label], label))  # nobody is compared
        close = frozenset()
    by_score = sorted(names, key=lambda label: (label != leader, -scores[label], label))
    return Race(
        contenders=tuple(label for label in by_score if label not in out),
        out=tuple(label for label in by_score if label in out),
        close=tuple(label for label in by_score if label in close - out and label != leader),
    )


def _named(names: Sequence[str], marked: np.ndarray) -> frozenset[str]:
    return frozenset(name for name, is_marked in zip(names, marked, strict=True) if is_marked)


def ordered(layouts: Iterable[LayoutScore], race: Race) -> list[LayoutScore]:
    """Return the leader, the other contenders, and those that are out, each by their scores."""
    place = {label: i for i, label in enumerate((*race.contenders, *race.out))}
    return sorted(layouts, key=lambda layout: place[layout.label])


def asked(evidence: Evidence, relations: Sequence[Relation], race: Race) -> list[Relation]:
    """Return the relations, in the order of the evidence's pairs, with those of the leader alone.

    Nothing is claimed of other pairs, also where it would be known: nobody asked.
    """
    contest = evidence.contest
    assert contest is not None
    return [
        replace(each, more_seeds=_more_seeds(evidence, contest, i))
        if race.leader in (each.a, each.b)
        else replace(
            each,
            symbol=Symbol.UNDECIDED,
            low=None,
            high=None,
            p_adjusted=None,
            more_seeds=None,
            new_images=None,
            withheld=NOT_ASKED,
        )
        for i, each in enumerate(relations)
    ]


def _more_seeds(evidence: Evidence, contest: Contest, i: int) -> int | None:
    """Return how many more a pair of the leader is expected to need; None where it needs none."""
    if not contest.wanted[i] or i in evidence.withheld:
        return None
    verdict, rules = evidence.verdict, evidence.rules
    n = int(verdict.n[i])
    needed = seeds_needed(
        float(verdict.mean[i]),
        float(verdict.sd[i]),
        n,
        rules.design,
        comparisons(len(evidence.pairs.layouts)),
        until=rules.until,
    )
    return needed - n if needed is not None and needed > n else None


def note(race: Race | None) -> list[str]:
    """Say what the order does not say, where the question was the winner."""
    if race is None or len(race.contenders) + len(race.out) < 3:
        return []
    said = f"the question is the winner: all are held against {race.leader} alone"
    return [f"{said}, and nothing is claimed of pairs without it"]


def said_of_winner(ranking: Ranking, race: Race, *, most: int) -> str:
    """Return who is the best, or can still be it, in a sentence without beginning and end."""
    of = {
        each.b if each.a == race.leader else each.a: each
        for each in ranking.relations
        if race.leader in (each.a, each.b)
    }
    better = [label for label in race.out if of[label].symbol in _BETTER]
    others = [label for label in race.out if label not in better]
    seems = "seems" if ranking.preliminary else "is certainly"
    here = _here(ranking, of.values())
    number = f"{100 * ranking.spec.margin:.3g}"
    points = f"{number} point{'' if number == '1' else 's'}"
    if race.winner is not None:
        parts = [f"{race.leader} {seems} the best of {len(ranking.layouts)}{here}"]
    else:
        rest = race.contenders[1:]
        withheld = [label for label in rest if of[label].withheld]
        open_ = [label for label in rest if label not in race.close and label not in withheld]
        if open_:
            parts = [f"{race.leader} leads, not yet told apart from {listed(open_, most)}"]
            if race.close:
                parts.append(f"{seems} at most {points} behind {listed(race.close, most)}{here}")
        elif race.close:
            parts = [f"{race.leader} {seems} the best, or at most {points} behind it{here}"]
            parts.append(f"still possible: {listed(race.close, most)}")
        else:
            parts = [f"{race.leader} leads those that are compared"]
            if len(withheld) == len(of):
                parts = [f"{race.leader} has the highest score"]
        if withheld:
            parts.append(f"not compared with {listed(withheld, most)}")
    if better:
        parts.append(f"better than {listed(better, most)}")
    if others:
        parts.append(f"out: {listed(others, most)}")
    return "; ".join(parts)


def _here(ranking: Ranking, relations: Iterable[Relation]) -> str:
    """Return "on these images" unless all that is claimed of the leader holds for new ones too."""
    reaches = all(
        each.symbol is not Symbol.UNDECIDED
        and for_new_images(each, ranking.spec) is not Symbol.UNDECIDED
        for each in relations
        if not each.withheld
    )
    return "" if reaches else " on these images"
