"""What is said of a number of points: bounds that are proven, and what draws make likely."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

CONFIDENCE = 0.999  # that the number lies between the likely bounds
_DEVIATIONS = 3.2905  # of a normal distribution, to both sides: that much lies between them
_FEW = 10  # points drawn that say too little of their share
_ONE = 1 << 60  # shares as whole numbers, since counts may be larger than a float's digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many points are in a budget; if not `exact`, an estimate within proven bounds."""

    value: int
    low: int  # there are no fewer
    high: int  # nor more
    likely_low: int  # nor, with `CONFIDENCE`, fewer than this
    likely_high: int
    resolution: tuple[int, ...]  # of each quantity: how much too low prices may be; 0 if exact

    @property
    def exact(self) -> bool:
        """Whether the number is certain."""
        return self.low == self.high

    @property
    def error(self) -> float:
        """How far `value` may be off, relative to itself, by what is proven; 0 if exact."""
        return self._off(self.low, self.high)

    @property
    def likely_error(self) -> float:
        """How far `value` is off at most with `CONFIDENCE`, relative to itself; 0 if exact."""
        return self._off(self.likely_low, self.likely_high)

    def _off(self, low: int, high: int) -> float:
        return max(high - self.value, self.value - low) / max(1, self.value)


def certain(value: int, quantities: int) -> Count:
    """Return a count that is exact."""
    return Count(
        value=value,
        low=value,
        high=value,
        likely_low=value,
        likely_high=value,
        resolution=(0,) * quantities,
    )


def estimated(
    bounds: tuple[int, int],
    resolution: tuple[int, ...],
    *,
    kept: int,
    tries: int,
    forecast: Callable[[], int],
) -> Count:
    """Return a count of which bounds are known.

    Args:
        bounds: proven.
        resolution: of each quantity.
        kept: of so many `tries`, drawn evenly from as many paths as the upper bound says, how many
            were points. Without tries, what is proven is all that is known.
        tries: see there.
        forecast: what the number is about, where too few were kept to tell from.
    """
    low, high = bounds
    likely_low, likely_high, value = low, high, (low + high) // 2
    if tries:
        first, last = _wilson(kept, tries)
        likely_low = max(low, high * int(first * _ONE) // _ONE)
        likely_high = min(high, max(likely_low, -(-high * int(last * _ONE) // _ONE)))
        value = forecast() if kept < _FEW else high * kept // tries
    return Count(
        value=min(likely_high, max(likely_low, value)),
        low=low,
        high=high,
        likely_low=likely_low,
        likely_high=likely_high,
        resolution=resolution,
    )


def _wilson(kept: int, tries: int) -> tuple[float, float]:
    """Return Wilson's interval of a share (J. Am. Stat. Assoc. 22, 1927)."""
    share, square = kept / tries, _DEVIATIONS**2
    middle = (share + square / (2 * tries)) / (1 + square / tries)
    spread = sqrt(share * (1 - share) / tries + square / (4 * tries**2))
    reach = _DEVIATIONS * spread / (1 + square / tries)
    return max(0.0, middle - reach), min(1.0, middle + reach)
