"""Which bound emptied a space, and what it would have to be: exact, by draws that go ever lower.

The least of a quantity under a budget is found so: of the points drawn the lowest is a new bound,
below which a thousandth of them are left, and so on until it is proven that none is. The space
shrinks so fast that this takes a handful of draws, from any number of points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.space.counting.chains import Budget, Chain, budget
from nas.space.counting.feasible import Feasible
from nas.space.counting.paths import Paths, prices
from nas.space.counting.reach import Walks

_CELLS = 1_000_000  # half paths kept
_TRIES = 2_000  # paths drawn before what is hard to hit is listed, or counted


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
    walks = Walks(chains)
    if walks.extremes() is None:
        return Emptied(constraint=None, others=(), nearest=0)
    if not _empty(walks, _limits(chains, constraints)):
        return None
    # Fewer constraints never leave less, so halving finds the first that leaves nothing.
    enough, few = len(constraints), 0
    while enough - few > 1:
        middle = (enough + few) // 2
        if _empty(walks, _limits(chains, constraints[:middle])):
            enough = middle
        else:
            few = middle
    *before, last = constraints[:enough]
    needed = list(before)
    for each in before:
        fewer = [other for other in needed if other is not each]
        if _empty(walks, _limits(chains, [*fewer, last])):
            needed = fewer
    limits = _limits(chains, needed)
    nearest = _nearest(walks, limits, last.quantity, largest=last.high is None)
    assert nearest is not None
    return Emptied(constraint=last, others=tuple(needed), nearest=nearest)


def attainable(
    chains: Sequence[Chain], limits: Budget, quantity: int, *, largest: bool
) -> int | None:
    """Return the least or the largest value of a quantity among the points, or None without any.

    Raises:
        ValueError: whether there are points cannot be told exactly (`Feasible.count`).
    """
    return _nearest(Walks(chains), limits, quantity, largest=largest)


def _nearest(walks: Walks, limits: Budget, quantity: int, *, largest: bool) -> int | None:
    reached = walks.extremes()
    if reached is None:
        return None
    if (limits.low <= reached[0]).all() and (limits.high >= reached[1]).all():
        return int(reached[1 if largest else 0][quantity])
    found: int | None = None
    while (paths := _some(walks, limits)) is not None:
        values = prices(walks.chains, paths)[:, quantity]
        found = int(values.max() if largest else values.min())
        if largest:
            limits = limits.narrowed(quantity, low=found + 1)
        else:
            limits = limits.narrowed(quantity, high=found - 1)
    return found


def _some(walks: Walks, limits: Budget) -> Paths | None:
    """Return some points, or None if there is none; which ones matters to the time alone."""
    points, rng = (
        Feasible(walks.chains, limits, cells=_CELLS, walks=walks),
        np.random.default_rng(0),
    )
    if not points.candidates:
        return None
    paths = points.attempt(_TRIES, rng)
    if not len(paths):
        paths = points.every()
    if paths is None:  # too many that may be, none of those drawn
        empty = not points.count(exact=True).value
        return None if empty else points.sample(1, rng).paths
    return paths if len(paths) else None


def _empty(walks: Walks, limits: Budget) -> bool:
    return _some(walks, limits) is None


def _limits(chains: Sequence[Chain], constraints: Sequence[Constraint]) -> Budget:
    found = budget(chains[0].steps[0].prices.shape[1])
    for each in constraints:
        found = found.narrowed(each.quantity, low=each.low, high=each.high)
    return found
