"""What a study's extensions mean for its reader, and which one is worth asking for next."""

import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace

from nas.ranking.notes import SEEDS_ENOUGH
from nas.ranking.open_pairs import open_layouts
from nas.ranking.result import Ranking, Relation
from nas.ranking.statistics.certificate import Design
from nas.ranking.statistics.foresight import seeds_needed
from nas.ranking.statistics.levels import LASTS
from nas.study.declaration import Declaration
from nas.study.extension import redeclared
from nas.study.folder import Study
from nas.study.records import FINAL, StudyExtended, TrialHistory

_FAR = 10  # times the seeds there are: who needs more is helped by other data, not by seeds


def added_looks(declared: Declaration) -> list[str]:
    """Say what the claims of an extended study cost; nothing where nothing was added."""
    if not declared.spent:
        return []
    note = (
        "seeds or candidates were added after an earlier answer: these claims hold at alpha "
        f"{declared.alpha:.3g}; this answer and the earlier ones together hold a false > or ≫ in "
        f"at most {100 * declared.together:.3g} % of studies, and a false ≈ in as many"
    )
    return [note]


def extensions_words(study: Study) -> str:
    """Return when the study was extended and by what; where MLflow is stays unsaid."""
    return (
        "; ".join(
            f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(each.at))} {' '.join(changed)}"
            for each in study.extensions
            if (changed := _words(each))
        )
        or "what changes no result"
    )


def again(study: Study) -> str:
    """Return the commands that run the study again, extensions in their order."""
    steps = [f"nas search {study.place}/spec.json --study ANOTHER"]
    steps += [
        f"nas extend ANOTHER {' '.join(changed)}"
        for each in study.extensions
        if (changed := _words(each))
    ]
    return " && ".join(steps)


def _words(extension: StudyExtended) -> list[str]:
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in extension.changes.items()
        if not key.startswith("tracking.")  # may hold a password
    ]


def next_step(study: Study, histories: Sequence[TrialHistory], ranking: Ranking) -> list[str]:
    """Return the command that is worth running next and what it buys, a line each.

    Nothing where trials are still to be run, where nothing is open, where no affordable number
    of seeds would close what is, or where the study confirms what it explored. A study that adds
    seeds where relations are open gets more looks, one with a fixed number of seeds gets all of
    them for every layout.
    """
    if any(history.status not in FINAL for history in histories) or study.spec.search.confirm:
        return []
    adaptive = study.spec.search.most_seeds > study.spec.search.seeds
    found = _more_looks(study, histories, ranking) if adaptive else _more_seeds(study, ranking)
    if found is None:
        return []
    (key, seeds), closing, declared = found
    wanting = _open(ranking)
    gain = "more trials" if adaptive else f"{_trials(histories, seeds)} more trials"
    if closing:
        gain += f" should decide about {closing} of {len(wanting)} open pairs"
    else:
        gain += " make the answer a certificate"
        gain += f", but should decide none of {len(wanting)} open pairs" if wanting else ""
    cost = f"the new answer has alpha {declared.alpha:.3g}"
    if declared.spent:
        cost += f", it and what was answered before together {declared.together:.3g}"
    command = f"next: nas extend {shlex.quote(study.place)} {key}={seeds}"
    return [command, f"{gain}; {cost}"]


_Step = tuple[tuple[str, int], int, Declaration]


def _more_seeds(study: Study, ranking: Ranking) -> _Step | None:
    """Return the seeds for every layout, in one look, that close most without doubling the cost."""
    have = study.spec.search.seeds
    least = max(have + 1, SEEDS_ENOUGH)
    asked = _with(study, seeds=least, max_seeds=None)
    design = replace(Design.of(ranking.spec, seeds=(least, least)), alpha=asked.alpha)
    needed = _needed(study, ranking, design)
    few = bool(ranking.preliminary) and _judged(ranking)
    if not needed and not few:
        return None
    within = [each for each in needed if each <= max(least, 2 * have)]
    if within:
        seeds = max(within)
    elif few:
        seeds = least
    elif min(needed) <= _FAR * have:
        seeds = min(needed)
    else:
        return None
    return ("search.seeds", seeds), sum(each <= seeds for each in needed), asked


def _more_looks(study: Study, histories: Sequence[TrialHistory], ranking: Ranking) -> _Step | None:
    """Return to how many seeds a study may go on that adds them where relations are open."""
    search = study.spec.search
    if search.trials is not None:
        return None  # the budget is spent, or would be
    least = search.most_seeds + 1
    design = Design.of(
        ranking.spec.model_copy(update={"alpha": ranking.spec.alpha / 2}),
        seeds=(max(search.seeds, 2), max(least, min(2 * search.most_seeds, max(LASTS)))),
    )
    needed = [max(each, least) for each in _needed(study, ranking, design)]
    if not needed or min(needed) > _FAR * search.most_seeds:
        return None
    seeds = max([each for each in needed if each <= 2 * search.most_seeds], default=min(needed))
    asked = _with(study, seeds=search.seeds, max_seeds=seeds)
    facts = study.fine_tuning_data or study.data
    helped = open_layouts(
        histories,
        ranking.spec,
        search=search.model_copy(update={"max_seeds": seeds}),
        evaluation_images=facts.evaluation_images,
        declared=asked,
    )
    if not helped:
        return None  # not one of them has a chance that is worth a run
    return ("search.max_seeds", seeds), sum(each <= seeds for each in needed), asked


def _with(study: Study, *, seeds: int, max_seeds: int | None) -> Declaration:
    changed = {"seeds": seeds, "max_seeds": max_seeds}
    spec = study.spec.model_copy(update={"search": study.spec.search.model_copy(update=changed)})
    return redeclared(study.declared, before=study.spec, after=spec, measured=True)


def _needed(study: Study, ranking: Ranking, design: Design) -> list[int]:
    """Return at how many seeds each open pair should be decided, where that can be told."""
    found = [
        seeds_needed(
            each.difference,
            each.deviation or 0.0,
            each.paired_seeds,
            design,
            len(ranking.relations),
            until=study.spec.search.until,
        )
        for each in _open(ranking)
    ]
    return [each for each in found if each is not None]


def _open(ranking: Ranking) -> list[Relation]:
    return [each for each in ranking.relations if each.more_seeds is not None]


def _judged(ranking: Ranking) -> bool:
    """Tell whether seeds are all that a pair lacks: others are withheld whatever is added."""
    few = max(ranking.looks[0], 2)
    return any(not each.withheld or each.paired_seeds < few for each in ranking.relations)


def _trials(histories: Sequence[TrialHistory], seeds: int) -> int:
    """Return how many trials it takes to give every candidate and twin so many seeds."""
    given: dict[tuple[str, bool], int] = {}
    for history in histories:
        key = history.trial.label, history.trial.parent is not None
        given[key] = given.get(key, 0) + 1
    return sum(max(seeds - count, 0) for count in given.values())
