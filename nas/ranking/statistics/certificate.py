"""The certificate: claims about all pairs of layouts that hold however often one looked.

The steps are those of docs/ranking.md, "How the symbols are computed". Arrays have the pairs [m]
after any leading axes `...`: none for a real study, the studies of a simulation. What is simulated
is therefore what is shipped.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from nas.ranking.result import Symbol
from nas.ranking.statistics.levels import Levels, levels
from nas.spec.study import Correction, RankingSpec, Until

SYMBOLS = tuple(Symbol)  # a code is a place in it
MUCH_BETTER, BETTER, EQUIVALENT, NOT_WORSE, UNDECIDED = range(len(SYMBOLS))
# Of alpha, what the tests are held to where one looks again and again. The rest pays for skewness:
# levels are exact for normal differences, and a skewness of 0.7 makes errors up to 1.27 times as
# frequent (one pair, a rival without noise; docs/ranking.md, "Why looking is allowed").
KEPT = 0.78
SEEDS_FORESEEN = 1000  # beyond it "more seeds" is no advice


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """What a study decided beforehand; accuracies are fractions.

    Raises:
        ValueError: not 2 <= first <= last, or a level or margin makes no sense.
    """

    first: int  # n0: paired seeds before the first claim
    last: int  # N: no look beyond; equal to `first`: one look at a fixed number of seeds
    alpha: float
    margin: float  # delta
    large_margin: float  # Delta
    correction: Correction

    def __post_init__(self) -> None:
        """Refuse what has no levels."""
        if not 2 <= self.first <= self.last:
            raise ValueError(
                f"a certificate needs 2 <= first <= last seeds, not {self.first}, {self.last}"
            )
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha must be between 0 and 0.5, not {self.alpha}")
        if not 0 < self.margin < self.large_margin:
            raise ValueError(
                f"margins need 0 < margin < large_margin, not {self.margin}, {self.large_margin}"
            )

    @classmethod
    def of(cls, ranking: RankingSpec, *, seeds: tuple[int, int]) -> "Design":
        """Return the design of a spec; `seeds` are the first and the last look."""
        return cls(
            first=seeds[0],
            last=seeds[1],
            alpha=ranking.alpha,
            margin=ranking.margin,
            large_margin=ranking.large_margin,
            correction=ranking.correction,
        )

    @property
    def tested(self) -> float:
        """The level of a family of tests: alpha at one look, less where there are many."""
        return self.alpha if self.first == self.last else KEPT * self.alpha

    @property
    def levels(self) -> Levels:
        """The levels of single looks."""
        return levels(self.first, self.last)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Looks:
    """What every look says, arrays [..., m, last]; index n - 1 is the look at n paired seeds."""

    mean: np.ndarray  # NaN beyond the data
    sd: np.ndarray  # of one difference, at least the floor; NaN for n = 1 and beyond the data
    differs: np.ndarray  # running q0: overall p-value of "no difference", in (0, 1]
    equal: np.ndarray  # running qe: overall p-value of "at least delta apart"
    low: np.ndarray  # running intersection of the simultaneous intervals
    high: np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Verdict:
    """What is claimed of each pair with the seeds it has; arrays [..., m]."""

    n: np.ndarray  # paired seeds
    mean: np.ndarray  # NaN where n = 0
    sd: np.ndarray  # NaN where n < 2
    low: np.ndarray  # infinite before the first look
    high: np.ndarray
    symbol: np.ndarray  # int8 places in SYMBOLS, the layout of the better mean first
    chance: np.ndarray  # that the pair closes at all; 1 before the first look
    open: np.ndarray  # bool: more seeds are wanted and the design has looks left


def look(d: np.ndarray, design: Design, *, floor: float = 0.0, pairs: int | None = None) -> Looks:
    """Look at paired differences d [..., m, last] in seed order, NaN where there is none yet.

    Missing values must come last. `floor` is a least sd of one difference: without it a few equal
    counts would be certainty. `pairs` is the number of pairs to correct for where d holds only
    some of them. Steps 1 to 4 of docs/ranking.md, "How the symbols are computed".

    Raises:
        ValueError: the last axis is not `design.last` long.
    """
    if d.shape[-1] != design.last:
        raise ValueError(f"differences need {design.last} seeds on the last axis, not {d.shape}")
    level = design.levels
    n = np.arange(1, design.last + 1)
    mean, sd = _moments(d, n, floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = sd / np.sqrt(n)
        # 0/0, all differences equal to zero and no floor: no evidence of a difference
        p_zero = 2 * special.stdtr(np.maximum(n - 1, 1), -np.abs(mean) / error)
        # The larger of the two one-sided p-values is that of the nearer margin.
        p_margin = special.stdtr(np.maximum(n - 1, 1), (np.abs(mean) - design.margin) / error)
    claims = (n >= design.first) & np.isfinite(error)
    per_pair = level.nominal(design.tested / (pairs or d.shape[-2]))
    half = _quantiles(per_pair, design) * error
    return Looks(
        mean=mean,
        sd=sd,
        differs=level.overall(_running(np.minimum, p_zero, claims, 1.0)),
        equal=level.overall(np.minimum(2 * _running(np.minimum, p_margin, claims, 0.5), 1.0)) / 2,
        low=_running(np.maximum, mean - half, claims, -np.inf),
        high=_running(np.minimum, mean + half, claims, np.inf),
    )


def _moments(d: np.ndarray, n: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sd of the first n, for each n; NaN beyond the data."""
    origin = d[..., :1]  # close to the mean, so that squares do not cancel
    shifted = d - origin
    sums, squares = np.cumsum(shifted, axis=-1), np.cumsum(shifted**2, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.maximum(squares - sums**2 / n, 0.0) / (n - 1)
    return origin + sums / n, np.maximum(np.sqrt(variance), floor)


def _quantiles(level: float, design: Design) -> np.ndarray:
    """Return c_n, [last]: two-sided t quantiles; infinite for n = 1."""
    found = np.full(design.last, np.inf)
    found[1:] = -special.stdtrit(np.arange(1, design.last), level / 2)
    return found


def _running(keep: np.ufunc, values: np.ndarray, claims: np.ndarray, neutral: float) -> np.ndarray:
    usable = claims & ~np.isnan(values)
    return keep.accumulate(np.where(usable, values, neutral), axis=-1)


def read(looks: Looks, n: np.ndarray, design: Design, *, until: Until) -> Verdict:
    """Return what is claimed when the pairs have n [..., m] paired seeds each, 0 <= n <= last.

    Holm: the m values q0 give `>`, the m values qe `≈`, each at `design.tested`; two families: one
    joint Holm is not valid (docs/ranking.md, "Claims"). Bonferroni: all symbols come off the
    intervals, together. `≫` and `≥` always do. Where intersected intervals contradict each other
    the assumptions failed: the pair is undecided, with the interval between the contradictions.
    """
    has = n > 0
    mean, sd, q_zero, q_equal, low, high = (
        np.where(has, np.take_along_axis(each, np.maximum(n, 1)[..., None] - 1, -1)[..., 0], none)
        for each, none in (
            (looks.mean, np.nan),
            (looks.sd, np.nan),
            (looks.differs, 1.0),
            (looks.equal, 0.5),
            (looks.low, -np.inf),
            (looks.high, np.inf),
        )
    )
    sound = low <= high
    low, high = np.minimum(low, high), np.maximum(low, high)
    nearest = np.where(mean >= 0, low, -high)  # the bound towards zero, the better layout first
    if design.correction is Correction.HOLM:
        differs, equal = holm(q_zero, design.tested), holm(q_equal, design.tested)
    else:
        differs, equal = nearest > 0, (low > -design.margin) & (high < design.margin)
    symbol = np.select(
        [
            ~sound,
            nearest > design.large_margin,
            differs & (np.abs(mean) >= design.margin),
            equal,
            nearest > -design.margin,
        ],
        [UNDECIDED, MUCH_BETTER, BETTER, EQUIVALENT, NOT_WORSE],
        UNDECIDED,
    ).astype(np.int8)
    wanting = symbol == UNDECIDED
    if until is Until.SHARP:
        wanting |= symbol == NOT_WORSE
    return Verdict(
        n=n,
        mean=mean,
        sd=sd,
        low=low,
        high=high,
        symbol=symbol,
        chance=_chance(mean, sd, n, design, until=until),
        open=wanting & (n < design.last),
    )


def holm(p_values: np.ndarray, alpha: float) -> np.ndarray:
    """Tell which hypotheses Holm (1979) rejects: the k-th smallest p (from 0) against alpha/(m-k).

    p_values [..., m]. statsmodels has it for one family only, and runs the garbage collector at
    every call (0.1 s beside a live study); a test holds this one to it.
    """
    m = p_values.shape[-1]
    ascending = np.argsort(p_values, axis=-1, kind="stable")
    passes = np.take_along_axis(p_values, ascending, -1) <= alpha / np.arange(m, 0, -1)
    rejected = np.empty(p_values.shape, dtype=bool)
    np.put_along_axis(rejected, ascending, np.logical_and.accumulate(passes, axis=-1), -1)
    return rejected


def _chance(
    mean: np.ndarray, sd: np.ndarray, n: np.ndarray, design: Design, *, until: Until
) -> np.ndarray:
    """Return the chance that a pair closes by the last look (docs/ranking.md, "Where seeds go").

    The mean at the last look is predicted from mean and sd so far, the sd taken as known. The level
    is that of Holm's last step: what the pair would meet if all others were decided.
    """
    m = n.shape[-1]
    alpha = design.tested if design.correction is Correction.HOLM else design.tested / m
    critical = -special.stdtrit(design.last - 1, design.levels.nominal(alpha) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = critical * sd / math.sqrt(design.last)
        spread = sd * np.sqrt(1 / np.maximum(n, 1) - 1 / design.last)
        if until is Until.SHARP:
            better = _outside(np.maximum(half, design.margin), mean, spread)
            equal = np.where(
                half < design.margin, 1 - _outside(design.margin - half, mean, spread), 0.0
            )
            found = np.minimum(better + equal, 1.0)
        else:
            found = np.where(
                half <= design.margin, 1.0, _outside(half - design.margin, mean, spread)
            )
    return np.where((n < design.first) | np.isnan(found), 1.0, found)


def _outside(bound: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return P(|X| > bound) for X ~ N(mean, spread^2)."""
    return special.ndtr((mean - bound) / spread) + special.ndtr((-mean - bound) / spread)


def seeds_needed(
    mean: float, sd: float, n: int, design: Design, m: int, *, until: Until
) -> int | None:
    """Return at how many seeds in all a pair of m is expected to close, mean and sd staying.

    The level is that of the first Holm step. Beyond `design.last` the answer advises a next study;
    this one has no look there. None where 1000 seeds would not do, or nothing is known (n < 2).
    """
    if n < 2 or not (math.isfinite(mean) and math.isfinite(sd)):
        return None
    seeds = np.arange(max(design.first, n + 1), SEEDS_FORESEEN + 1)
    error = sd / np.sqrt(seeds)
    alpha, gap = design.tested / m, abs(mean)
    half = -special.stdtrit(seeds - 1, design.levels.nominal(alpha) / 2) * error
    if until is Until.SETTLED:
        enough = half < gap + design.margin
    elif gap >= design.margin:
        enough = half < gap
    else:
        if design.correction is Correction.HOLM:  # one-sided: F(2 p) / 2 <= alpha / m
            half = -special.stdtrit(seeds - 1, design.levels.nominal(2 * alpha) / 2) * error
        enough = half < design.margin - gap
    return int(seeds[enough][0]) if enough.any() else None
