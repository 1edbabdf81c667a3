"""What a ranking rests on, in sentences: a symbol without its conditions would claim too much."""

from collections.abc import Iterable, Sequence

from scipy.stats import binomtest

from nas.ranking.result import LayoutScore, Relation, Symbol
from nas.ranking.scores import Scores
from nas.records import FINAL, TrialHistory, TrialStatus
from nas.spec import RankingSpec

SEEDS_ENOUGH = 6  # CERTIFICATE: n0 = 6 keeps six seeds behind every claim
SIZES_COMPARABLE = 0.10  # spread beyond which layouts differ by size as well


def assumptions(
    relations: Sequence[Relation], spec: RankingSpec, *, evaluation_images: int
) -> list[str]:
    """Say what the claims assume: how many seeds, and how fine the evaluation set measures."""
    notes = []
    fewest = min((relation.pairs for relation in relations), default=SEEDS_ENOUGH)
    if fewest < SEEDS_ENOUGH:
        notes.append(
            f"preliminary: {_count(fewest, 'paired seed')} where {SEEDS_ENOUGH} are advised; with "
            "so few, every symbol assumes normal differences and no test can check it"
        )
    if relations and spec.margin * evaluation_images < 1:
        notes.append(
            f"the margin of {_points(spec.margin)} is less than one of the {evaluation_images:,} "
            "evaluation images: claims about it rest on the mean over seeds alone"
        )
    alone = [relation for relation in relations if relation.pairs < 2]
    if len(alone) == len(relations) > 1:
        notes.append("no two layouts share two seeds: none can be compared with another")
    else:
        notes += [
            f"{relation.a} and {relation.b} share {_count(relation.pairs, 'seed')}: they cannot "
            "be compared"
            for relation in alone
        ]
    return notes


def sizes(layouts: Sequence[LayoutScore]) -> list[str]:
    """Say how far the layouts' sizes spread; comparable sizes are what makes them comparable."""
    if len(layouts) < 2:
        return []
    columns = {
        "parameters": [layout.parameters for layout in layouts],
        "MACs": [layout.macs for layout in layouts],
    }
    spreads = {name: max(values) / max(min(values), 1) - 1 for name, values in columns.items()}
    said = ", ".join(
        f"{name} {min(values):,} to {max(values):,} (spread {spreads[name]:.1%})"
        for name, values in columns.items()
    )
    if max(spreads.values()) > SIZES_COMPARABLE:
        warning = (
            f"sizes differ by more than {SIZES_COMPARABLE:.0%}: the ranking mixes architecture"
        )
        return [f"{warning} with size: {said}"]
    return [f"sizes are comparable: {said}"]


def trials(histories: Iterable[TrialHistory], scores: Scores) -> list[str]:
    """Say which trials are missing from the scores, or were read short of l*."""
    histories = list(histories)
    notes = _lost(histories)
    ranked = scores.by_layout.keys()
    unranked = sorted({history.trial.label for history in histories} - ranked)
    if not ranked:
        notes.insert(0, "no trial has finished: there is nothing to rank yet")
    elif unranked:
        notes.append(f"not ranked, because no trial finished: {', '.join(unranked)}")
    open_trials = sum(history.status not in FINAL for history in histories)
    if open_trials:
        notes.append(
            f"{open_trials} of {_count(len(histories), 'trial')} unfinished: the ranking may change"
        )
    return notes + _short(scores)


def _lost(histories: Sequence[TrialHistory]) -> list[str]:
    """Name the layouts whose runs diverged or failed, with the rate: no t interval covers it."""
    notes = []
    for label in sorted({history.trial.label for history in histories}):
        ended = [each.status for each in histories if each.trial.label == label]
        ended = [status for status in ended if status in FINAL]
        diverged = ended.count(TrialStatus.DIVERGED)
        failed = ended.count(TrialStatus.FAILED)
        others = "; its score is that of the others" if TrialStatus.FINISHED in ended else ""
        if diverged:
            rate = binomtest(diverged, len(ended)).proportion_ci(method="exact")
            notes.append(
                f"{label}: {diverged} of {_count(len(ended), 'trial')} diverged "
                f"({diverged / len(ended):.0%}, 95% interval {rate.low:.0%} to {rate.high:.0%})"
                + others
            )
        if failed:
            notes.append(f"{label}: {failed} of {_count(len(ended), 'trial')} failed{others}")
    return notes


def _short(scores: Scores) -> list[str]:
    missed = {
        layout: sum(not score.reached for score in seeds.values())
        for layout, seeds in scores.by_layout.items()
    }
    missed = {layout: count for layout, count in missed.items() if count}
    if not missed:
        return []
    total = sum(len(seeds) for seeds in scores.by_layout.values())
    where = ", ".join(f"{layout} {count}" for layout, count in missed.items())
    never = f"{sum(missed.values())} of {_count(total, 'trial')} never reached"
    level = f"the equal training loss of {scores.equal_loss:.4g} nats"
    return [f"{never} {level} and were read at their own lowest loss: {where}"]


def against_order(relation: Relation) -> str:
    """Say that the paired seeds and the mean over all seeds disagree about two neighbours."""
    return (
        f"{relation.a} {relation.symbol} {relation.b} over the "
        f"{_count(relation.pairs, 'seed')} that both finished, though the mean over all its seeds "
        f"ranks {relation.b} higher: the order shows {Symbol.UNDECIDED}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _points(fraction: float) -> str:
    return f"{100 * fraction:.3g} points"
