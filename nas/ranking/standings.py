"""What candidates are worth, kept up to date one at a time: for samplers, which ask often.

After any number of candidates it is what `Objective.means` says of all their trials. Metrics at
equal loss read every trial where it crosses l*, and l* is of all candidates: it is kept as a
running extreme, and when it moves, some ln(n) times in n candidates, every curve is read anew. A
curve is fitted once, so that reading it again takes a microsecond.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from statistics import fmean

from nas.ranking.curves import ln_loss, record_lows
from nas.ranking.objective import Objective
from nas.ranking.scores import Depth, common_loss, counted, deepest, depth_of
from nas.ranking.statistics.monotone import monotone
from nas.study.records import TrialHistory, TrialStatus


class Standings:
    """Means by place, in the order in which candidates were added."""

    def __init__(self, objective: Objective) -> None:
        """Read candidates by `objective`."""
        self._objective = objective
        self._means: list[float] = []
        self._curves: list[list[_Curve | None]] = []  # of each candidate's trials; None: lost
        self._depth: Depth | None = None
        self._level: float | None = None

    def add(self, runs: Sequence[TrialHistory]) -> None:
        """Take the trials of one more candidate, all ended, its fine-tunings among them."""
        if not self._objective.at_equal_loss:
            (mean,) = self._objective.means(runs).values()
            self._means.append(0.0 if mean is None else mean)
            return
        runs = counted(runs, self._objective.metric)
        self._curves.append([_curve(history) for history in runs])
        self._deepen(runs)
        level = common_loss(
            [] if self._depth is None else [self._depth], growing=self._objective.growing
        )
        if level != self._level:
            self._level = level
            self._means = [self._mean(curves) for curves in self._curves]
        else:
            self._means.append(self._mean(self._curves[-1]))

    @property
    def worths(self) -> Sequence[float]:
        """The mean of each candidate over its trials, lost ones counted as 0."""
        return self._means

    def _deepen(self, runs: Sequence[TrialHistory]) -> None:
        first = self._objective.first
        found = [
            history
            for history in runs
            if history.status is TrialStatus.FINISHED
            and history.epochs
            and (first is None or history.trial.seed < first)
        ]
        if found:
            depth = depth_of(found)
            self._depth = depth if self._depth is None else deepest(self._depth, depth)

    def _mean(self, curves: Sequence["_Curve | None"]) -> float:
        depth = None if self._level is None else ln_loss(self._level)
        return fmean(0.0 if curve is None else curve.at(depth) for curve in curves)


class _Curve:
    """`nas.ranking.curves.accuracy_at_loss` of one trial, fitted once."""

    __slots__ = ("_coefficients", "_depths", "_ends", "_last", "_range")

    def __init__(self, history: TrialHistory) -> None:
        lows = record_lows(history)[::-1]
        accuracies = [point.evaluation_accuracy for point in lows]
        self._last = history.epochs[-1].evaluation_accuracy
        self._ends, self._range = (
            (accuracies[0], accuracies[-1]),
            (min(accuracies), max(accuracies)),
        )
        self._depths = array("d", [ln_loss(point.probe_loss) for point in lows])
        self._coefficients = array(
            "d"
        )  # of the cubics between them, four each, highest power first
        if len(lows) > 1:
            fitted = monotone(self._depths, accuracies)
            self._coefficients.extend(fitted.c.T.ravel().tolist())

    def at(self, depth: float | None) -> float:
        """Return the accuracy at ln(l*), of the nearest end beyond the curve; without, the last."""
        if depth is None:
            return self._last
        depths = self._depths
        if depth <= depths[0]:
            return self._ends[0]
        if depth >= depths[-1]:
            return self._ends[1]
        piece = bisect_right(depths, depth) - 1
        off = depth - depths[piece]
        cubic, square, slope, start = self._coefficients[4 * piece : 4 * piece + 4]
        read = ((cubic * off + square) * off + slope) * off + start
        lowest, highest = self._range
        return min(max(read, lowest), highest)


def _curve(history: TrialHistory) -> _Curve | None:
    """Return what an ended trial is read off, None for one that counts as nothing."""
    lost = history.status in (TrialStatus.DIVERGED, TrialStatus.FAILED)
    return None if lost or not history.epochs else _Curve(history)
