"""A study in two parts: what was explored, and what the ranking of the best of it rests on.

Where a spec has `search.confirm`, the first `search.seeds` seeds of a candidate explore, and those
after them confirm. A ranking knows the latter alone, numbered from 0 as if nothing had been before:
its claims would be about luck if the runs that a candidate was chosen by counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nas.ranking.objective import Objective
from nas.spec.confirm import ConfirmSpec
from nas.spec.study import SearchSpec
from nas.study.records import TrialHistory


def explored(histories: Iterable[TrialHistory], search: SearchSpec) -> tuple[TrialHistory, ...]:
    """Return the trials of the exploration; without a second part all."""
    if search.confirm is None:
        return tuple(histories)
    return tuple(history for history in histories if history.trial.seed < search.seeds)


def confirmed(histories: Iterable[TrialHistory], search: SearchSpec) -> tuple[TrialHistory, ...]:
    """Return the trials that are ranked, their seeds counted from 0; without a second part all."""
    if search.confirm is None:
        return tuple(histories)
    return tuple(
        replace(history, trial=replace(history.trial, seed=history.trial.seed - search.seeds))
        for history in histories
        if history.trial.seed >= search.seeds
    )


def shortlist(
    histories: Sequence[TrialHistory], confirm: ConfirmSpec, objective: Objective
) -> tuple[str, ...]:
    """Return the labels to confirm, the best first: of the candidates that finished exploring.

    Args:
        histories: of the exploration.
        confirm: how many, and among which.
        objective: what they are chosen by.

    Raises:
        ValueError: two trials share label and seed.
    """
    means = objective.scores(histories).means
    best_first = sorted(means, key=lambda label: (-means[label], label))
    if confirm.among == "layouts":
        layouts = {history.trial.label: history.trial.layout for history in histories}
        firsts: dict[str, str] = {}
        for label in best_first:
            firsts.setdefault(layouts[label], label)
        best_first = list(firsts.values())
    return tuple(best_first[: confirm.candidates])
