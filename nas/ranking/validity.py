"""Where a metric means what it says: the regimes outside of which nothing is claimed."""

from scipy.stats import binomtest

from nas.ranking.result import Rate


def clopper_pearson(count: int, of: int) -> Rate:
    """Return how often something happened with its exact interval at 95 %; of nothing, [0, 1]."""
    if not of:
        return Rate(count=0, of=0, low=0.0, high=1.0)
    interval = binomtest(count, of).proportion_ci(method="exact")
    return Rate(count=count, of=of, low=float(interval.low), high=float(interval.high))
