"""How good a front is as one number, and how it grew while a study spent its epochs.

Of a score against one cost: the best score within a budget, as the mean over budgets from the
smallest cost to 1.1 times the largest, each ratio of budgets counted alike. That is the
hypervolume (Zitzler and Thiele 1998) over the logarithm of the cost, with the reference point
score 0 and 1.1 times the largest cost, divided by its largest value (docs/pareto.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nas.spec.choices import Price
from nas.study.records import TrialHistory, TrialStatus

BEYOND = 1.1  # times the largest cost, or the largest candidate would add nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """A trial reached its last epoch; what all trials had spent by then."""

    trial: str  # id
    trials: int  # finished by then, this one too
    epochs: int  # measured by then, those of trials that were stopped or lost too


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """The hypervolume after each trial that finished, in the order of time."""

    price: Price
    low: float  # the smallest cost
    reference: float  # the cost of the reference point; its score is 0
    finishes: tuple[Finish, ...]
    values: tuple[float, ...]  # in [0, 1]

    @property
    def steps(self) -> list[tuple[Finish, float]]:
        """The finishes at which the value changed, and the last of all."""
        rows = list(zip(self.finishes, self.values, strict=True))
        changed = [row for i, row in enumerate(rows) if i == 0 or row[1] != self.values[i - 1]]
        return changed if not rows or changed[-1] is rows[-1] else [*changed, rows[-1]]


def hypervolume(costs: np.ndarray, scores: np.ndarray, *, low: float, reference: float) -> float:
    """Return the mean, over ln(budget) in [low, reference], of the best score within the budget.

    It is 0 within budgets that no cost is within.

    Args:
        costs: [candidates], positive, in ascending order, none beyond `reference`.
        scores: [candidates], fractions.
        low: the smallest budget, at most the smallest cost.
        reference: the largest budget.
    """
    if not len(costs):
        return 0.0
    widths = np.diff(np.log(np.append(costs, reference)))
    return float(np.maximum.accumulate(scores) @ widths / np.log(reference / low))


def finishes(histories: Sequence[TrialHistory]) -> list[Finish]:
    """Return the trials that finished, in the order in which their last epochs were measured."""
    order = np.sort([epoch.at for history in histories for epoch in history.epochs])
    ended = sorted(
        (history.epochs[-1].at, history.trial.number, history.trial.id)
        for history in histories
        if history.status is TrialStatus.FINISHED and history.epochs
    )
    return [
        Finish(trial=name, trials=n, epochs=int(np.searchsorted(order, at, side="right")))
        for n, (at, _, name) in enumerate(ended, start=1)
    ]


def growth(
    ended: Sequence[Finish],
    scores: Mapping[str, tuple[str, float]],
    costs: Mapping[str, float],
    *,
    price: Price,
) -> Growth | None:
    """Return how the hypervolume grew; None where no finish has a score and a cost.

    A candidate counts with the mean of its trials that had finished by then, so the value can fall
    where a second seed does worse. Scores are as they are known now: at equal loss they rest on a
    level that was not known before the first round was over.

    Args:
        ended: in the order of time.
        scores: by trial, its label and its score (fraction).
        costs: by label, positive.
        price: what the costs are.
    """
    counted = [each for each in ended if each.trial in scores and scores[each.trial][0] in costs]
    if not counted:
        return None
    labels = sorted({scores[each.trial][0] for each in counted}, key=lambda x: (costs[x], x))
    place = {label: i for i, label in enumerate(labels)}
    budgets = np.array([costs[label] for label in labels], dtype=float)
    if budgets[0] <= 0:
        raise ValueError(f"{price.value} of {labels[0]} must be positive, not {budgets[0]:g}")
    low, reference = float(budgets[0]), float(BEYOND * budgets[-1])
    totals, counts = np.zeros(len(labels)), np.zeros(len(labels))
    values = []
    for each in counted:
        label, score = scores[each.trial]
        totals[place[label]] += score
        counts[place[label]] += 1
        means = totals / np.maximum(counts, 1)
        values.append(hypervolume(budgets, means, low=low, reference=reference))
    return Growth(
        price=price,
        low=low,
        reference=reference,
        finishes=tuple(counted),
        values=tuple(values),
    )
