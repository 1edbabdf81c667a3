"""What is read off one trial's epochs: accuracy at a loss, gaps, and how fast it converged."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nas.ranking.statistics.monotone import monotone
from nas.study.correct import correct_images
from nas.study.packed import column
from nas.study.records import EpochMeasured, TrialHistory

# A cross-entropy can underflow to 0, whose logarithm is not a number to interpolate over.
SMALLEST_LOSS = 1e-12

# One multiply-add is 2 FLOPs; the backward pass costs twice the forward pass (Kaplan et al. 2020,
# arXiv:2001.08361, section 2.1): 2 x (1 + 2) = 6 FLOPs for each MAC and training image.
FLOPS_PER_MAC = 6

_AVERAGED = "ema_evaluation_accuracy"


class Reach(StrEnum):
    """Whether a trial's probe loss passes through a given loss."""

    CROSSES = "crosses"
    STAYS_ABOVE = "stays above"  # its lowest loss is not that low
    BEGINS_BELOW = "begins below"  # its first epoch is lower already: no epoch tells of the loss


@dataclass(frozen=True, kw_only=True, slots=True)
class Gaps:
    """The generalization gaps at an epoch."""

    loss_gap: float  # evaluation loss - probe loss, nats
    accuracy_gap: float  # probe accuracy - evaluation accuracy, fraction


@dataclass(frozen=True, kw_only=True, slots=True)
class Convergence:
    """How fast a trial got where it is."""

    area_log_loss: float  # mean height of the ln(probe loss) curve, nats; lower is faster
    seconds: float
    samples: int
    flops: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What equal loss is read off: an epoch of the averaged weights, else of the raw ones."""

    measured: EpochMeasured
    averaged: bool
    probe_loss: float  # nats
    evaluation_accuracy: float  # fraction


def trajectory(history: TrialHistory) -> tuple[Point, ...]:
    """Return the way downhill of a trial: of the averaged weights where all epochs have them.

    Raw weights pass a loss at whatever learning rate the schedule has just then, and the higher it
    is the worse they are at that loss; an average is as if the rate had been let down
    (docs/measures.md, "The schedule placebo").
    """
    averaged = is_averaged(history)
    return tuple(_point(epoch, averaged=averaged) for epoch in history.epochs)


def is_averaged(history: TrialHistory) -> bool:
    """Tell whether a trial is read by its averaged weights at equal loss."""
    return bool(history.epochs) and not any(
        None in column(history.epochs, name) for name in ("ema_probe_loss", _AVERAGED)
    )


def _point(epoch: EpochMeasured, *, averaged: bool) -> Point:
    loss, accuracy = epoch.probe_loss, epoch.evaluation_accuracy
    if averaged:
        loss, accuracy = epoch.ema_probe_loss, epoch.ema_evaluation_accuracy
    assert loss is not None
    assert accuracy is not None
    return Point(measured=epoch, averaged=averaged, probe_loss=loss, evaluation_accuracy=accuracy)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lows:
    """The epochs whose ln(probe loss) is below that of all before, without making their records."""

    places: list[int]
    losses: list[float]  # nats
    accuracies: list[float]  # fractions


def _lows(history: TrialHistory) -> _Lows:
    averaged = is_averaged(history)
    losses = column(history.epochs, "ema_probe_loss" if averaged else "probe_loss")
    accuracies = column(history.epochs, _AVERAGED if averaged else "evaluation_accuracy")
    places: list[int] = []
    least = math.inf
    for place, loss in enumerate(losses):
        depth = ln_loss(loss)
        if not places or depth < least:
            places.append(place)
            least = depth
    return _Lows(
        places=places,
        losses=[losses[place] for place in places],
        accuracies=[accuracies[place] for place in places],
    )


def record_lows(history: TrialHistory) -> tuple[Point, ...]:
    """Return the epochs whose ln(probe loss) is below that of all before; the first always."""
    averaged = is_averaged(history)
    places = _lows(history).places
    return tuple(_point(history.epochs[place], averaged=averaged) for place in places)


def first_loss(history: TrialHistory) -> float:
    """Return the probe loss after the first epoch, nats.

    Raises:
        ValueError: no epoch was measured.
    """
    return _lows(_measured(history)).losses[0]


def deepest_loss(history: TrialHistory) -> float:
    """Return the lowest probe loss reached, nats.

    Raises:
        ValueError: no epoch was measured.
    """
    return _lows(_measured(history)).losses[-1]


def accuracy_at_loss(history: TrialHistory, loss: float) -> float:
    """Return the evaluation accuracy (fraction) where the trajectory crosses a probe loss (nats).

    Monotone cubic interpolation (Fritsch and Carlson 1980) over ln(loss), through the record lows:
    training is a way downhill, and an epoch that climbs back repeats a loss already passed. Where
    `reach` says that the trajectory does not pass through the loss there is no such accuracy, and
    what is returned is that of its nearest end: no ranking uses it.

    Raises:
        ValueError: no epoch was measured.
    """
    # PCHIP wants its abscissae to increase: the deepest point comes first.
    lows = _lows(_measured(history))
    if len(lows.places) == 1:
        return lows.accuracies[0]
    depths = np.array([ln_loss(each) for each in lows.losses[::-1]])
    accuracies = np.array(lows.accuracies[::-1])
    at = np.clip(ln_loss(loss), depths[0], depths[-1])
    # Rounding must not carry a reading past the two measurements it lies between.
    return float(np.clip(monotone(depths, accuracies)(at), accuracies.min(), accuracies.max()))


def correct_at_loss(history: TrialHistory, loss: float, *, images: int) -> np.ndarray | None:
    """Return how right each evaluation image is where the trajectory crosses a probe loss (nats).

    [images], in [0, 1]: of the measurements on both sides, in such parts that the mean is
    `accuracy_at_loss`. None where no one kept which images were right.

    Raises:
        ValueError: no epoch was measured.
        JournalCorruptError: a record contradicts its accuracy.
    """
    lows = record_lows(_measured(history))[::-1]
    depths = np.array([ln_loss(point.probe_loss) for point in lows])
    at = np.clip(ln_loss(loss), depths[0], depths[-1])
    above = min(int(np.searchsorted(depths, at)), len(lows) - 1)
    below = max(above - 1, 0)
    deep, high = (
        correct_images(lows[i].measured, images=images, averaged=lows[i].averaged)
        for i in (below, above)
    )
    if deep is None or high is None:
        return None
    apart = lows[above].evaluation_accuracy - lows[below].evaluation_accuracy
    # Of two equal accuracies any mixture has the mean; the images are those of the nearer one.
    part = (at - depths[below]) / (depths[above] - depths[below]) if above != below else 0.0
    if apart:
        part = (accuracy_at_loss(history, loss) - lows[below].evaluation_accuracy) / apart
    return deep + np.clip(part, 0.0, 1.0) * (high.astype(float) - deep)


def reach(history: TrialHistory, loss: float) -> Reach:
    """Tell whether the trajectory passes through a probe loss (nats), its two ends included.

    There is no slack: 5 % of a loss are 0.05 e-folds, where an accuracy may move 2 to 5 points an
    e-fold, and one layout alone would be read there.

    Raises:
        ValueError: no epoch was measured.
    """
    losses = _lows(_measured(history)).losses
    if ln_loss(losses[-1]) > ln_loss(loss):
        return Reach.STAYS_ABOVE
    if ln_loss(losses[0]) < ln_loss(loss):
        return Reach.BEGINS_BELOW
    return Reach.CROSSES


def end_gaps(history: TrialHistory) -> Gaps:
    """Return the gaps at the last epoch.

    Raises:
        ValueError: no epoch was measured.
    """
    return gaps(_measured(history).epochs[-1])


def gaps(epoch: EpochMeasured) -> Gaps:
    """Return the gaps at an epoch."""
    return Gaps(
        loss_gap=epoch.evaluation_loss - epoch.probe_loss,
        accuracy_gap=epoch.probe_accuracy - epoch.evaluation_accuracy,
    )


def area_log_loss(history: TrialHistory) -> float:
    """Return the area under ln(probe loss) against epochs, by trapezoids, over the epochs spanned.

    Divided by its width it is the curve's mean height in nats, so trials of different length
    compare; of a single epoch it is that epoch's value.

    Raises:
        ValueError: no epoch was measured.
    """
    heights = [ln_loss(loss) for loss in column(_measured(history).epochs, "probe_loss")]
    if len(heights) == 1:
        return float(heights[0])
    return float(np.trapezoid(heights) / (len(heights) - 1))


def convergence(history: TrialHistory) -> Convergence:
    """Return the convergence metrics of the epochs measured so far.

    Raises:
        ValueError: no epoch was measured.
    """
    area = area_log_loss(history)
    last = history.epochs[-1]
    return Convergence(
        area_log_loss=area,
        seconds=last.seconds,
        samples=last.samples,
        flops=_flops(history, last),
    )


def _flops(history: TrialHistory, epoch: EpochMeasured) -> float:
    return float(FLOPS_PER_MAC * history.trial.macs * epoch.samples)


def ln_loss(loss: float) -> float:
    """Return the logarithm of a loss (nats), of one that underflowed to 0 that of the smallest."""
    return math.log(max(loss, SMALLEST_LOSS))


def _measured(history: TrialHistory) -> TrialHistory:
    if not history.epochs:
        raise ValueError(f"trial {history.trial.id} has no measured epoch: nothing can be read off")
    return history
