"""Tests of a difference of two layouts: by its seeds, by each layout alone, and in between.

The shipped one and its rivals in benchmarks/pairing.py: each gives variances of a difference and
their degrees of freedom, for all pairs and looks at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nas.ranking.forecast.scenarios import differences, pairs_of

FIRST = 6
TOGETHER = 0.25  # a mean correlation at the first look below which "by the study" does not pair


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moments:
    """What two layouts' runs say of a pair after each number of seeds, arrays [..., m, last]."""

    n: np.ndarray  # [last]
    mean: np.ndarray  # of the differences
    a: np.ndarray  # variance of a run of the first layout
    b: np.ndarray  # ... and of the second
    c: np.ndarray  # their covariance over seeds

    @property
    def apart(self) -> np.ndarray:
        """The variance of a difference if the layouts are independent."""
        return self.a + self.b

    @property
    def paired(self) -> np.ndarray:
        """The variance of a difference as it is over seeds."""
        return np.maximum(self.a + self.b - 2 * self.c, 0.0)

    @property
    def satterthwaite(self) -> np.ndarray:
        """Degrees of freedom of `apart` (Welch 1947)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.n - 1) * self.apart**2 / (self.a**2 + self.b**2)


Test = tuple[np.ndarray, np.ndarray]  # variance of a difference, degrees of freedom


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Tests of which any may reject, each at a share of the level."""

    name: str
    tests: Callable[[Moments], Sequence[Test]]
    share: float = 1.0


def moments(scores: np.ndarray) -> Moments:
    """Return the moments of all pairs of scores [..., K, last]."""
    n = np.arange(1, scores.shape[-1] + 1)
    pairs = pairs_of(scores.shape[-2])
    x = scores - scores[..., :1]  # squares must not cancel
    first, second = x[..., pairs[:, 0], :], x[..., pairs[:, 1], :]

    def covariance(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        sums = np.cumsum(u, -1) * np.cumsum(v, -1) / n
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.cumsum(u * v, -1) - sums) / (n - 1)

    d = differences(scores)
    return Moments(
        n=n,
        mean=np.cumsum(d, -1) / n,
        a=covariance(first, first),
        b=covariance(second, second),
        c=covariance(first, second),
    )


def _paired(m: Moments) -> Sequence[Test]:
    return [(m.paired, m.n - 1.0)]


def _welch(m: Moments) -> Sequence[Test]:
    return [(m.apart, m.satterthwaite)]


def _both(m: Moments) -> Sequence[Test]:
    return [*_paired(m), *_welch(m)]


def _larger(m: Moments) -> Sequence[Test]:
    """Welch's degrees of freedom, but never less than the paired variance."""
    return [*_paired(m), (np.maximum(m.apart, m.paired), m.satterthwaite)]


def _shrunk(m: Moments) -> Sequence[Test]:
    """A covariance counted by as much as the pair's own correlation says, to the whole at 0.5."""
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.clip(np.abs(m.c) / np.sqrt(m.a * m.b) / 0.5, 0.0, 1.0)
        freedom = (m.n - 1) * m.apart**2 / (m.a**2 + m.b**2 + 2 * w**2 * m.a * m.b)
    return [(np.maximum(m.apart - 2 * w * m.c, 0.0), freedom)]


def by_the_study(m: Moments) -> Sequence[Test]:
    """One test for all pairs and looks, by the mean correlation of all pairs at the first look."""
    at = FIRST - 1
    r = (m.c[..., at] / np.sqrt(m.a[..., at] * m.b[..., at])).mean(axis=-1)
    alone = (r < TOGETHER)[..., None, None]
    return [(np.where(alone, m.apart, m.paired), np.where(alone, m.satterthwaite, m.n - 1.0))]


PAIRED = Rule(name="paired", tests=_paired)
RULES = (
    PAIRED,
    Rule(name="Welch", tests=_welch),
    Rule(name="either at 0.5", tests=_both, share=0.5),
    Rule(name="either at 0.6", tests=_both, share=0.6),
    Rule(name="larger at 0.8", tests=_larger, share=0.8),
    Rule(name="larger at 0.7", tests=_larger, share=0.7),
    Rule(name="shrunk", tests=_shrunk),
    Rule(name="by the study", tests=by_the_study),
)
