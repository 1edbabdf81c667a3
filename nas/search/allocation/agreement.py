"""How well the order at a rung tells the order at the end: Kendall's tau-b with an interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from nas.search.allocation.readings import Readings
from nas.study.records import TrialHistory, TrialStatus

ENOUGH = 8  # trials below which a rank correlation decides nothing
_VARIANCE = 0.437  # of atanh(tau), times n - 4 (Fieller, Hartley and Pearson 1957)
_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A rank correlation; [low, high] holds it at 95 %, None with fewer than five trials."""

    tau: float
    trials: int
    low: float | None = None
    high: float | None = None


def agreement(rung: Sequence[float], end: Sequence[float]) -> Agreement | None:
    """Return Kendall's tau-b of what the same trials read at a rung and at the end.

    None where it is not defined: of fewer than two trials, or if all are equal. The interval is
    Fieller's, by atanh(tau), whose standard error is sqrt(0.437 / (n - 4)); a tau of one is taken
    for half a pair less, since n trials cannot tell it from that.
    """
    from scipy.stats import kendalltau  # noqa: PLC0415 - slow to import

    count = len(rung)
    if count < 2 or min(rung) == max(rung) or min(end) == max(end):
        return None
    tau = float(kendalltau(rung, end, variant="b").statistic)
    if count < 5:
        return Agreement(tau=tau, trials=count)
    most = 1 - 1 / (count * (count - 1) / 2)
    middle = math.atanh(max(-most, min(most, tau)))
    error = NormalDist().inv_cdf((1 + _LEVEL) / 2) * math.sqrt(_VARIANCE / (count - 4))
    return Agreement(
        tau=tau,
        trials=count,
        low=min(tau, math.tanh(middle - error)),
        high=max(tau, math.tanh(middle + error)),
    )


def rung_agreement(
    histories: Sequence[TrialHistory], epoch: int, readings: Readings
) -> Agreement | None:
    """Return how a rung's readings agree with the final accuracies of the trials that finished.

    Only these have reached both. Most of them were promoted: among the better half alone a tau is
    lower than among all.
    """
    both = [h for h in histories if h.status is TrialStatus.FINISHED and len(h.epochs) > epoch]
    return agreement(
        [readings.at(history, epoch) for history in both],
        [history.epochs[-1].evaluation_accuracy for history in both],
    )
