"""What a trial is read by at a rung, from the epochs up to there alone; larger is better."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nas.ranking.costs import PricedGoal
from nas.spec.choices import RungMetric
from nas.study.records import TrialHistory

SMALLEST_LOSS = 1e-12  # a loss can underflow to 0, which has no logarithm
FITTED = 4  # epochs below which a power law of three numbers is not fitted
STEEPEST = 4.0  # exponent of a power law that is over after an epoch or two


def last(history: TrialHistory, epoch: int, end: int) -> float:
    """Return the evaluation accuracy at the rung."""
    return history.epochs[epoch - 1].evaluation_accuracy


def best(history: TrialHistory, epoch: int, end: int) -> float:
    """Return the best evaluation accuracy up to the rung."""
    return max(each.evaluation_accuracy for each in history.epochs[:epoch])


def area(history: TrialHistory, epoch: int, end: int) -> float:
    """Return minus the mean ln(probe loss) up to the rung, nats: faster training is larger."""
    losses = [max(each.probe_loss, SMALLEST_LOSS) for each in history.epochs[:epoch]]
    return -sum(math.log(loss) for loss in losses) / len(losses)


def extrapolated(history: TrialHistory, epoch: int, end: int) -> float:
    """Return the evaluation accuracy at epoch `end` by a power law; else that at the rung.

    a - b t^-c with b at least 0, by least squares over the epochs up to the rung: for each c the
    two others are linear, so that one bounded number is searched. Fewer than `FITTED` epochs, or a
    curve that does not rise, leave the accuracy at the rung.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - slow to import

    there = last(history, epoch, end)
    if epoch < FITTED:
        return there
    values = np.array([each.evaluation_accuracy for each in history.epochs[:epoch]])
    times = np.arange(1.0, epoch + 1)

    def fitted(power: float) -> tuple[float, float, float]:
        falling = times**-power
        slope, level = np.polyfit(falling, values, 1)
        misfit = float(np.sum((level + slope * falling - values) ** 2))
        return misfit, float(level), float(slope)

    found = minimize_scalar(
        lambda power: fitted(power)[0], bounds=(0.05, STEEPEST), method="bounded"
    )
    _, level, slope = fitted(float(found.x))
    predicted = level + slope * end ** -float(found.x)
    return min(predicted, 1.0) if slope < 0 and math.isfinite(predicted) else there


_READ: Mapping[RungMetric, Callable[[TrialHistory, int, int], float]] = {
    RungMetric.LAST: last,
    RungMetric.BEST: best,
    RungMetric.AREA: area,
    RungMetric.EXTRAPOLATED: extrapolated,
}


class Readings:
    """Readings of one journal's trials by one metric, each computed once.

    Measured epochs never change, so what is kept is a function of the journal. With `goals` trials
    are judged by these costs as well (docs/pareto.md, "Early stopping with several objectives").
    """

    def __init__(self, metric: RungMetric, *, goals: Sequence[PricedGoal] = ()) -> None:
        """Read by `metric`, and judge by `goals` too."""
        self.goals = tuple(goals)
        self._read = _READ[metric]
        self._known: dict[tuple[str, int], float] = {}

    def at(self, history: TrialHistory, epoch: int) -> float:
        """Return what a trial that has `epoch` epochs at least is read by there."""
        key = (history.trial.id, epoch)
        if key not in self._known:
            self._known[key] = self._read(history, epoch, history.trial.epochs)
        return self._known[key]

    def worths(self, histories: Sequence[TrialHistory], epoch: int) -> np.ndarray:
        """Return what trials read and what their costs are worth, [trials, 1 + goals]."""
        return np.array(
            [
                [self.at(history, epoch), *(goal.worth(history) for goal in self.goals)]
                for history in histories
            ],
            dtype=float,
        ).reshape(len(histories), 1 + len(self.goals))
