"""Which bound emptied a space, and what it would have to be: exact, by draws that go ever lower.

The least of a quantity under a budget is found so: of some points drawn the lowest is a new bound,
below which only a thousandth of them are left, and so on until it is proven that none is. The space
shrinks so fast that this takes a handful of draws, from any number of points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.space.counting.chains import Budget, Chain, budget
from nas.space.counting.feasible import Feasible
from nas.space.counting.paths import Paths, prices
from nas.space.counting.reach import extremes

_CELLS = 300_000  # half paths kept while a small space is good enough
_DRAWN = 500
_TRIES = 100_000  # paths drawn in vain before all are counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """A bound of one quantity, low or high, under the name by which its owner knows it."""

    name: str
    quantity: int
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        """Refuse two bounds, or none."""
        if (self.low is None) is (self.high is None):
            raise ValueError(f"constraint {self.name} has to have one bound, low or high")


@dataclass(frozen=True, kw_only=True, slots=True)
class Emptied:
    """The constraint that left nothing, and how near to it points come that keep the others."""

    constraint: Constraint | None  # None: the chains have no path at all
    others: tuple[Constraint, ...]  # without one of these, too, there would be points
    nearest: int  # the attained value of the constraint's quantity that is nearest to its bound


def why_empty(chains: Sequence[Chain], constraints: Sequence[Constraint]) -> Emptied | None:
    """Return what emptied the space, or None where it has points.

    It is the first constraint, in the order given, with which none is left; of those before it
    the ones named are needed for that.

    Raises:
        ValueError: whether there are points cannot be told exactly (`Feasible.count`).
    """
    if extremes(chains) is None:
        return Emptied(constraint=None, others=(), nearest=0)
    if not _empty(chains, _limits(chains, constraints)):
        return None
    # Fewer constraints never leave less, so halving finds the first that leaves nothing.
    enough, few = len(constraints), 0
    while enough - few > 1:
        middle = (enough + few) // 2
        if _empty(chains, _limits(chains, constraints[:middle])):
            enough = middle
        else:
            few = middle
    *before, last = constraints[:enough]
    needed = list(before)
    for each in before:
        fewer = [other for other in needed if other is not each]
        if _empty(chains, _limits(chains, [*fewer, last])):
            needed = fewer
    nearest = attainable(chains, _limits(chains, needed), last.quantity, largest=last.high is None)
    assert nearest is not None
    return Emptied(constraint=last, others=tuple(needed), nearest=nearest)


def attainable(
    chains: Sequence[Chain], limits: Budget, quantity: int, *, largest: bool
) -> int | None:
    """Return the least or the largest value of a quantity among the points, or None without any.

    Raises:
        ValueError: whether there are points cannot be told exactly (`Feasible.count`).
    """
    reached = extremes(chains)
    if reached is None:
        return None
    if (limits.low <= reached[0]).all() and (limits.high >= reached[1]).all():
        return int(reached[1 if largest else 0][quantity])
    found: int | None = None
    while (paths := _some(chains, limits, _DRAWN)) is not None:
        values = prices(chains, paths)[:, quantity]
        found = int(values.max() if largest else values.min())
        if largest:
            limits = limits.narrowed(quantity, low=found + 1)
        else:
            limits = limits.narrowed(quantity, high=found - 1)
    return found


def _some(chains: Sequence[Chain], limits: Budget, n: int) -> Paths | None:
    """Return n points, or None if there is none; which ones matters to the time alone."""
    rng = np.random.default_rng(0)
    points = Feasible(chains, limits, cells=_CELLS)
    if not points.candidates:
        return None
    try:
        return points.sample(n, rng, tries=_TRIES).paths
    except ValueError:  # hard to hit, or not there
        points = Feasible(chains, limits)
        if points.candidates and points.count(exact=True).value:
            return points.sample(n, rng).paths
        return None


def _empty(chains: Sequence[Chain], limits: Budget) -> bool:
    return _some(chains, limits, 1) is None


def _limits(chains: Sequence[Chain], constraints: Sequence[Constraint]) -> Budget:
    found = budget(chains[0].steps[0].prices.shape[1])
    for each in constraints:
        found = found.narrowed(each.quantity, low=each.low, high=each.high)
    return found
