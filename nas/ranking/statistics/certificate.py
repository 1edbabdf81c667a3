"""The certificate: claims about all pairs of layouts that hold however often one looked.

The steps are those of docs/ranking.md, "How the symbols are computed". Arrays have the pairs [m]
after any leading axes `...`: none for a real study, the studies of a simulation. What is simulated
is therefore what is shipped.
"""

import math
from dataclasses import dataclass

import numpy as np

from nas.ranking.result import Symbol
from nas.ranking.statistics import intervals, special, stepdown
from nas.ranking.statistics.levels import Levels, levels
from nas.spec.study import Correction, RankingSpec, Until

SYMBOLS = tuple(Symbol)  # a code is a place in it
MUCH_BETTER, BETTER, EQUIVALENT, NOT_WORSE, UNDECIDED = range(len(SYMBOLS))
# Of alpha, what the tests are held to where one looks again and again. The rest pays for skewness:
# levels are exact for normal differences, and a skewness of 0.7 makes errors up to 1.27 times as
# frequent (one pair, a rival without noise; docs/ranking.md, "Why looking is allowed").
KEPT = 0.78


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
    side: np.ndarray  # 1 or -1: which sign of the mean the least of them had
    large: np.ndarray  # running qL: overall p-value of "at most Delta apart", one-sided
    large_side: np.ndarray
    equal: np.ndarray  # running qe: overall p-value of "at least delta apart"
    low: np.ndarray  # running intersection of the simultaneous intervals
    high: np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Verdict:
    """What is claimed of each pair with the seeds it has; arrays [..., m]."""

    n: np.ndarray  # paired seeds
    mean: np.ndarray  # NaN where n = 0
    sd: np.ndarray  # NaN where n < 2
    low: np.ndarray  # of what is claimed and known, as printed; infinite before the first look
    high: np.ndarray
    p_adjusted: np.ndarray  # of "no difference", to hold against alpha; NaN before the first look
    symbol: np.ndarray  # int8 places in SYMBOLS, the layout of the better mean first
    chance: np.ndarray  # that the pair closes at all; 1 before the first look
    open: np.ndarray  # bool: more seeds are wanted and the design has looks left


def look(d: np.ndarray, design: Design, *, floor: float = 0.0, pairs: float | None = None) -> Looks:
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
        p_large = 2 * special.stdtr(
            np.maximum(n - 1, 1), (design.large_margin - np.abs(mean)) / error
        )
    claims = (n >= design.first) & np.isfinite(error)
    per_pair = level.nominal(design.tested / (pairs or d.shape[-2]))
    half = _quantiles(per_pair, design) * error
    zero, side = _least(p_zero, mean, claims)
    large, large_side = _least(np.minimum(p_large, 1.0), mean, claims)
    return Looks(
        mean=mean,
        sd=sd,
        differs=level.overall(zero),
        side=side,
        large=level.overall(large) / 2,
        large_side=large_side,
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


def _least(p: np.ndarray, mean: np.ndarray, claims: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the running least p and the sign of the mean where it was found."""
    up = _running(np.minimum, np.where(mean >= 0, p, 1.0), claims, 1.0)
    down = _running(np.minimum, np.where(mean < 0, p, 1.0), claims, 1.0)
    return np.minimum(up, down), np.where(up <= down, 1, -1)


def read(looks: Looks, n: np.ndarray, design: Design, *, until: Until) -> Verdict:
    """Return what is claimed when the pairs have n [..., m] paired seeds each, 0 <= n <= last.

    Holm: `>` and `≫` come from one step-down, `≈` from another, each at `design.tested`: one for
    all is not valid (docs/ranking.md, "Claims"). Bonferroni: all symbols are those of the
    intervals, together. Where intersected intervals contradict each other the assumptions failed:
    the pair is undecided, with what lies between the contradictions and 0.
    """
    has = n > 0

    def at(each: np.ndarray, none: float) -> np.ndarray:
        found = np.take_along_axis(each, np.maximum(n, 1)[..., None] - 1, -1)[..., 0]
        return np.where(has, found, none)

    mean, sd, low, high = (
        at(each, none)
        for each, none in (
            (looks.mean, np.nan),
            (looks.sd, np.nan),
            (looks.low, -np.inf),
            (looks.high, np.inf),
        )
    )
    sound = low <= high
    q_zero, q_large = (np.where(sound, at(each, 1.0), 1.0) for each in (looks.differs, looks.large))
    p_zero, p_large = _adjusted(q_zero, q_large, design)
    better = np.where(mean < 0, -1, 1)  # every pair is now read with the better layout first
    agrees = at(looks.side, 1) == better
    low, high = np.minimum(low, high), np.maximum(low, high)
    near, far = intervals.told_apart(
        np.where(better > 0, low, -high),
        np.where(better > 0, high, -low),
        apart=p_zero <= design.alpha,
        agrees=agrees,
    )
    differs = agrees & (p_zero <= design.alpha)
    much = differs & (p_large <= design.alpha) & (at(looks.large_side, 1) == better)
    much &= far > design.large_margin + intervals.BEYOND
    if design.correction is Correction.HOLM:
        p_equal = stepdown.holm(at(looks.equal, 0.5)) * design.alpha / design.tested
        equal = (p_equal <= design.alpha) & (near < design.margin) & (far > -design.margin)
    else:
        equal = (near > -design.margin) & (far < design.margin)
    symbol = np.select(
        [
            ~sound,
            much,
            differs & (np.abs(mean) >= design.margin),
            equal,
            near > -design.margin,
        ],
        [UNDECIDED, MUCH_BETTER, BETTER, EQUIVALENT, NOT_WORSE],
        UNDECIDED,
    ).astype(np.int8)
    near, far = intervals.as_said(
        near,
        far,
        much=symbol == MUCH_BETTER,
        equal=symbol == EQUIVALENT,
        margins=(design.margin, design.large_margin),
    )
    wanting = symbol == UNDECIDED
    if until is Until.SHARP:
        wanting |= symbol == NOT_WORSE
    return Verdict(
        n=n,
        mean=mean,
        sd=sd,
        low=np.where(better > 0, near, -far) + 0.0,  # no -0.0
        high=np.where(better > 0, far, -near) + 0.0,
        p_adjusted=np.where(np.isfinite(low), p_zero, np.nan),
        symbol=symbol,
        chance=_chance(mean, sd, n, design, until=until),
        open=wanting & (n < design.last),
    )


def _adjusted(
    q_zero: np.ndarray, q_large: np.ndarray, design: Design
) -> tuple[np.ndarray, np.ndarray]:
    """Return adjusted p-values of d = 0 and |d| <= Delta that alpha itself is held against."""
    if design.correction is Correction.HOLM:
        zero, large = stepdown.told_apart(q_zero, q_large)
        # At the last step the test would be one-sided at alpha, where intervals never are.
        found = zero, np.maximum(large, 2 * q_large)
    else:
        m = q_zero.shape[-1]
        found = m * q_zero, 2 * m * q_large  # as the intervals, which are two-sided
    zero, large = (np.minimum(each * (design.alpha / design.tested), 1.0) for each in found)
    return zero, large


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
            better = outside(np.maximum(half, design.margin), mean, spread)
            equal = np.where(
                half < design.margin, 1 - outside(design.margin - half, mean, spread), 0.0
            )
            found = np.minimum(better + equal, 1.0)
        else:
            found = np.where(
                half <= design.margin, 1.0, outside(half - design.margin, mean, spread)
            )
    return np.where((n < design.first) | np.isnan(found), 1.0, found)


def outside(bound: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return P(|X| > bound) for X ~ N(mean, spread^2)."""
    return special.ndtr((mean - bound) / spread) + special.ndtr((-mean - bound) / spread)
