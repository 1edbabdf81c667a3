"""The claims about all pairs of layouts, each a statistical statement over paired seeds.

m is the number of pairs, alpha the family-wise error. Intervals are simultaneous (Bonferroni at
alpha / m). `>` and `≈` each come from a Holm step-down over the m pairs at alpha, two separate
families: one joint Holm would not be valid (CERTIFICATE, step 3). The step-down decides more than
the intervals do, so `>` may stand beside an interval that touches 0. `≫` and `≥` are read off the
intervals. `>` and `≈` exclude each other: `>` asks for |estimate| >= margin, and both one-sided
tests of `≈` reject at a level below one half only if |estimate| < margin.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy import stats

from nas.ranking.result import Relation, Symbol
from nas.spec import RankingSpec

SEEDS_FORESEEN = 1000  # beyond it "more seeds" is no advice


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pairs:
    """All pairs as columns; `n` counts paired seeds, `error` is the standard error of `mean`."""

    names: tuple[tuple[str, str], ...]
    n: np.ndarray
    mean: np.ndarray
    error: np.ndarray  # infinite where n < 2: nothing can be said

    @property
    def freedom(self) -> np.ndarray:
        return np.maximum(self.n - 1, 1)


def spread_floor(evaluation_images: int) -> float:
    """Return the least standard deviation (fraction) that one accuracy can be credited with.

    An accuracy is a count over N images: rounding to 1/N is a uniform error of sd 1/N/sqrt(12).
    Without the floor a few equal counts would be certainty.

    Raises:
        ValueError: there is no image.
    """
    if evaluation_images < 1:
        raise ValueError(f"evaluation_images must be at least 1, not {evaluation_images}")
    return 1 / evaluation_images / math.sqrt(12)


def relate(
    scores: Mapping[str, Mapping[int, float]], spec: RankingSpec, *, evaluation_images: int
) -> tuple[Relation, ...]:
    """Compare all layouts, given as score (fraction) by seed; pairs come sorted by name.

    Source: CERTIFICATE, step 3, for a fixed number of seeds.

    Raises:
        ValueError: there is no evaluation image.
    """
    # The difference of two rounded counts: variances add.
    floor = math.sqrt(2) * spread_floor(evaluation_images)
    if len(scores) < 2:
        return ()
    pairs = _pairs(scores, floor)
    critical = _critical(spec.alpha / len(pairs.names))
    half = critical[np.minimum(pairs.freedom, len(critical)) - 1] * pairs.error
    differs = _holm(2 * stats.t.sf(np.abs(pairs.mean) / pairs.error, pairs.freedom), spec.alpha)
    equal = _holm(
        stats.t.sf((spec.margin - np.abs(pairs.mean)) / pairs.error, pairs.freedom), spec.alpha
    )
    return tuple(
        _relation(pairs, i, half=float(half[i]), claims=(differs[i], equal[i]), spec=spec)
        for i in range(len(pairs.names))
    )


def _pairs(scores: Mapping[str, Mapping[int, float]], floor: float) -> _Pairs:
    names = tuple(combinations(sorted(scores), 2))
    counts, means, errors = [], [], []
    for a, b in names:
        seeds = sorted(scores[a].keys() & scores[b].keys())
        differences = np.array([scores[a][seed] - scores[b][seed] for seed in seeds])
        counts.append(len(seeds))
        means.append(differences.mean() if seeds else _mean(scores[a]) - _mean(scores[b]))
        # sd floor as documented at `spread_floor`
        errors.append(
            max(float(differences.std(ddof=1)), floor) / math.sqrt(len(seeds))
            if len(seeds) > 1
            else math.inf
        )
    return _Pairs(names=names, n=np.array(counts), mean=np.array(means), error=np.array(errors))


def _mean(values: Mapping[int, float]) -> float:
    return float(np.mean([values[seed] for seed in sorted(values)]))


def _holm(p_values: np.ndarray, alpha: float) -> np.ndarray:
    """Tell which hypotheses Holm (1979) rejects: the k-th smallest p (from 0) against alpha/(m-k).

    statsmodels has it, but runs the garbage collector at every call (0.1 s beside a live study) and
    loads pandas; a test holds this one to it.
    """
    ascending = np.argsort(p_values, kind="stable")
    passes = p_values[ascending] <= alpha / np.arange(len(p_values), 0, -1)
    rejected = np.empty(len(p_values), dtype=bool)
    rejected[ascending] = np.logical_and.accumulate(passes)
    return rejected


@lru_cache(maxsize=16)
def _critical(level: float) -> np.ndarray:
    """Return the two-sided t quantiles at `level` for 1, 2, ... degrees of freedom."""
    return stats.t.isf(level / 2, np.arange(1, SEEDS_FORESEEN))


def _relation(
    pairs: _Pairs, i: int, *, half: float, claims: tuple[bool, bool], spec: RankingSpec
) -> Relation:
    """Orient pair `i`, the better estimate first, and name the strongest claim that holds."""
    a, b = pairs.names[i] if pairs.mean[i] >= 0 else pairs.names[i][::-1]
    mean = abs(float(pairs.mean[i]))
    low = mean - half
    symbol = _symbol(mean, low=low, claims=claims, spec=spec)
    known = bool(pairs.n[i] > 1)
    return Relation(
        a=a,
        b=b,
        symbol=symbol,
        difference=mean,
        # No two fractions differ by more than 1.
        low=max(low, -1.0) if known else None,
        high=min(mean + half, 1.0) if known else None,
        pairs=int(pairs.n[i]),
        deviation=float(pairs.error[i]) * math.sqrt(pairs.n[i]) if known else None,
        skewness=None,
        more_seeds=_more_seeds(pairs, i, spec) if known and symbol is Symbol.UNDECIDED else None,
    )


def _symbol(mean: float, *, low: float, claims: tuple[bool, bool], spec: RankingSpec) -> Symbol:
    differs, equal = claims
    if low > spec.large_margin:
        return Symbol.MUCH_BETTER
    if differs and mean >= spec.margin:
        return Symbol.BETTER
    if equal:
        return Symbol.EQUIVALENT
    return Symbol.NOT_WORSE if low > -spec.margin else Symbol.UNDECIDED


def _more_seeds(pairs: _Pairs, i: int, spec: RankingSpec) -> int | None:
    """Return how many further pairs would lift the interval above -margin, mean and sd staying."""
    done = int(pairs.n[i])
    critical = _critical(spec.alpha / len(pairs.names))
    n = np.arange(2, SEEDS_FORESEEN + 1)
    half = critical * pairs.error[i] * math.sqrt(done) / np.sqrt(n)
    enough = n[(n > done) & (half < abs(pairs.mean[i]) + spec.margin)]
    return int(enough[0]) - done if enough.size else None
