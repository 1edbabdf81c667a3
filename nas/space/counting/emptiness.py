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

_CELLS = 600_000  # half paths kept while a small space is good enough
_DRAWN = 500
_TRIES = 100_000  # paths drawn in vain before all are counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """A bound of one quantity, under the name by which its owner knows it."""

    name: str
    quantity: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Emptied:
    """The constraint that left nothing, and what its quantity can be where only the others hold."""

    constraint: Constraint | None  # None: the chains have no path at all
    others: tuple[Constraint, ...]  # without one of these, too, there would be points
    least: int  # attained by a point that keeps the others
    most: int


def why_empty(chains: Sequence[Chain], constraints: Sequence[Constraint]) -> Emptied | None:
    """Return what emptied the space, or None where it has points.

    It is the first constraint, in the order given, with which none is left; of those before it
    the ones named are needed for that.

    Raises:
        ValueError: whether there are points cannot be told exactly (`Feasible.count`).
    """
    if extremes(chains) is None:
        return Emptied(constraint=None, others=(), least=0, most=0)
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
    reached = attainable(chains, _limits(chains, needed), last.quantity)
    assert reached is not None
    return Emptied(constraint=last, others=tuple(needed), least=reached[0], most=reached[1])


def attainable(chains: Sequence[Chain], limits: Budget, quantity: int) -> tuple[int, int] | None:
    """Return the least and the largest value of a quantity among the points, or None without any.

    Raises:
        ValueError: whether there are points cannot be told exactly (`Feasible.count`).
    """
    reached = extremes(chains)
    if reached is None:
        return None
    least, most = (int(each[quantity]) for each in reached)
    others = np.arange(len(limits.low)) != quantity
    if (limits.low <= reached[0])[others].all() and (limits.high >= reached[1])[others].all():
        within = max(least, int(limits.low[quantity])), min(most, int(limits.high[quantity]))
        if within == (least, most):
            return within
    low = _last(chains, limits, quantity, up=False)
    high = _last(chains, limits, quantity, up=True)
    return None if low is None or high is None else (low, high)


def _last(chains: Sequence[Chain], limits: Budget, quantity: int, *, up: bool) -> int | None:
    """Return the largest value of a quantity, or the least; None without any point."""
    found: int | None = None
    while True:
        paths = _some(chains, limits, _DRAWN)
        if paths is None:
            return found
        values = prices(chains, paths)[:, quantity]
        found = int(values.max() if up else values.min())
        if up:
            limits = limits.narrowed(quantity, low=found + 1)
        else:
            limits = limits.narrowed(quantity, high=found - 1)


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
