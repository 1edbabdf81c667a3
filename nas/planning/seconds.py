"""Seconds of an epoch, from a few that were measured: of the same network, or of others like it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nas.planning.shapes import Shape

DRIFT = 0.15  # sd of ln(seconds) of equal work, then and now (docs/plan.md, "The interval")
TURNS = 20  # of fitting coefficients, then factors
COVERAGE = 0.9  # of the interval of a trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number that is not known yet, with the ends of its interval."""

    estimate: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """Return it `factor` times."""
        return Estimate(
            estimate=self.estimate * factor, low=self.low * factor, high=self.high * factor
        )

    def plus(self, other: "Estimate") -> "Estimate":
        """Return the sum, whose errors go together."""
        return Estimate(
            estimate=self.estimate + other.estimate,
            low=self.low + other.low,
            high=self.high + other.high,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochSeconds:
    """What an epoch of a task takes by network; coefficients are of seconds."""

    measured: Mapping[str, float]  # by key of the shape, of those that were measured
    coefficients: tuple[float, float, float]  # of one, of multiply-adds, of bytes; none negative
    factors: Mapping[str, float]  # of each kind, in the coefficients' estimate
    again: float  # ln of an interval's half width, of a network that was measured
    others: float  # the same, of one that was not

    def of(self, shape: Shape) -> Estimate:
        """Return seconds of an epoch."""
        known = self.measured.get(shape.key)
        if known is not None:
            return _interval(known, self.again)
        return _interval(self._fitted(shape), self.others)

    def _fitted(self, shape: Shape) -> float:
        return _base(self.coefficients, shape) * self.factors.get(shape.kind, 1.0)


def _interval(estimate: float, half: float) -> Estimate:
    return Estimate(
        estimate=estimate, low=estimate * math.exp(-half), high=estimate * math.exp(half)
    )


def fit(measured: Sequence[tuple[Shape, Sequence[float]]]) -> EpochSeconds:
    """Return what the measurements say, of each shape several, in seconds.

    Of a network that was not measured: a + b x multiply-adds + c x bytes kept, by non-negative
    least squares of relative errors, times a factor for its kind; its interval is that of one more
    network, from how far those measured lie off. Of one that was, the geometric mean.

    Raises:
        ValueError: nothing was measured.
    """
    if not measured:
        raise ValueError("nothing was measured")
    means = {shape.key: math.exp(fmean(map(math.log, rounds))) for shape, rounds in measured}
    deviations = [
        (math.log(value / means[shape.key]), len(rounds))
        for shape, rounds in measured
        for value in rounds
    ]
    freedom = sum(len(rounds) - 1 for _, rounds in measured)
    noise = sum(off**2 for off, _ in deviations) / max(freedom, 1)
    rounds = fmean(count for _, count in deviations)
    again = _half(noise / rounds + DRIFT**2, None)
    ours = [(shape, means[shape.key]) for shape, _ in measured if shape.predictable]
    if not ours:  # networks of other families, of which none tells another's time
        return EpochSeconds(
            measured=means, coefficients=(0.0, 0.0, 0.0), factors={}, again=again, others=again
        )
    coefficients, factors = _fitted(ours)
    plain = EpochSeconds(
        measured={}, coefficients=coefficients, factors=factors, again=again, others=again
    )
    squares = sum(math.log(value / plain.of(shape).estimate) ** 2 for shape, value in ours)
    used = sum(c > 0 for c in coefficients) + len(factors) - 1
    left = max(len(ours) - used, 1)
    spread = squares / left * (1 + used / len(ours))
    return EpochSeconds(
        measured=means,
        coefficients=coefficients,
        factors=factors,
        again=again,
        others=max(_half(spread + DRIFT**2, left), again),
    )


def _fitted(
    ours: Sequence[tuple[Shape, float]],
) -> tuple[tuple[float, float, float], dict[str, float]]:
    """Return coefficients and factors, each fitted in turn with the others held."""
    factors = {shape.kind: 1.0 for shape, _ in ours}
    coefficients = (0.0, 0.0, 0.0)
    for _ in range(TURNS):
        coefficients = _coefficients([(s, value / factors[s.kind]) for s, value in ours])
        for kind in factors:
            factors[kind] = math.exp(
                fmean(
                    math.log(value / _base(coefficients, shape))
                    for shape, value in ours
                    if shape.kind == kind
                )
            )
    return coefficients, factors


def _base(coefficients: tuple[float, float, float], shape: Shape) -> float:
    return sum(c * term for c, term in zip(coefficients, (1.0, *shape.work), strict=True))


def _half(variance: float, freedom: int | None) -> float:
    """Return half of the width of an interval; `freedom` of the variance, None: it is known."""
    from scipy import stats  # noqa: PLC0415 - takes half a second

    at = (1 + COVERAGE) / 2
    times = stats.norm.ppf(at) if freedom is None else stats.t.ppf(at, freedom)
    return float(times) * math.sqrt(variance)


def _coefficients(ours: Sequence[tuple[Shape, float]]) -> tuple[float, float, float]:
    import numpy as np  # noqa: PLC0415
    from scipy.optimize import nnls  # noqa: PLC0415

    rows = np.array([[1.0, *shape.work] for shape, _ in ours])
    relative = rows / np.array([[value] for _, value in ours])
    scale = relative.max(axis=0)  # bytes and multiply-adds are millions
    scale[scale == 0] = 1.0
    found = nnls(relative / scale, np.ones(len(ours)))[0] / scale
    return float(found[0]), float(found[1]), float(found[2])
