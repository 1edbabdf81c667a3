"""The points of a budget: how many there are, and points drawn fairly from them.

Every chain is cut in two. Its half paths are listed, without those that nothing completes within
the budget, and joined where they meet: the first ones ask, the second ones are summed up. This is
done in one of two ways.

Exactly: each first half asks how many second halves complete it (`nas.space.counting.dominance`).

On a grid: the second halves are sorted into bins, each as wide as the same share of the budget's
width in every quantity, and each priced as its bin's least; halves too many to be listed are
merged the same way while they grow. All widths together are the `resolution`: a path is priced
right, or too low by less than that. So the count within the budget is proven to lie between those
of a budget narrowed and one widened by the resolution. Between them it is estimated from draws:
the share of paths of the widened budget that keep the one asked for.

Points are drawn from the grid in either case: a number below the count of the widened budget names
a path of it, each one once; paths whose own price is not in the budget are drawn again. So every
point has the same probability, exactly, and the share of numbers that is not drawn again is high
as long as the grid is fine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.space.counting.chains import Budget, Chain, checked, only
from nas.space.counting.cutting import joins, window
from nas.space.counting.estimates import Count, certain, estimated
from nas.space.counting.halves import Window
from nas.space.counting.integers import below
from nas.space.counting.joins import Join
from nas.space.counting.paths import Paths, gathered, prices
from nas.space.counting.reach import Walks

CELLS = 12_000_000  # half paths kept of all chains together, and bins of all grids: some 500 MB
EXACT_CELLS = 40_000_000  # the same where a count must be exact: 2 GB
EXACT_WORK = 40_000_000  # elementary steps that an exact count may take unasked: half a second
MOST_WORK = 4_000_000_000  # and where it must be exact: minutes
DRAWS, MOST_DRAWS = 20_000, 100_000  # paths drawn for an estimate: a tenth of a second, half of one
PILOT = 1_000  # and before these, to see how many it takes
_SURE = 500  # bounds that differ by less than this part need no draws
MOST_TRIES = 1_000_000  # paths drawn at a time, and in vain


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Drawn:
    """Independent points of a budget, each with the same probability."""

    paths: Paths
    acceptance: float  # the share of paths drawn that were in the budget


class Feasible:
    """The points of some chains within a budget; counts and draws as often as asked."""

    def __init__(
        self,
        chains: Sequence[Chain],
        limits: Budget,
        *,
        cells: int = CELLS,
        watched: Sequence[int] = (),
        walks: Walks | None = None,
    ) -> None:
        """List the half paths.

        Args:
            chains: steps that several share are worked on once.
            limits: what the sums of prices must keep.
            cells: half paths kept of all chains together, and bins of all grids: time, memory and
                precision grow with them.
            watched: quantities that are asked about (`cumulative`) though no bound may need them.
            walks: of these chains, where other budgets of them are looked at too.

        Raises:
            ValueError: chains and budget have different quantities, or a half too many paths.
        """
        self.quantities = checked(chains, limits)
        self.chains, self.limits, self._cells = tuple(chains), limits, cells
        self._longest = max(len(chain.steps) for chain in chains)
        self._walks = walks or Walks(self.chains)
        self.window = window(limits, self._walks.whole(), watched)
        self._joins: list[tuple[int, Join]] = []  # of the chains that may have points
        if self.window is not None:
            self._joins = joins(self.chains, self._walks, self.window, cells=cells)

    def count(self, *, exact: bool = False) -> Count:
        """Return the number of points: exact where that is a matter of half a second, or asked.

        Raises:
            ValueError: it should be exact, and would take more than some GB or minutes.
        """
        if self._unrounded and self._work <= (MOST_WORK if exact else EXACT_WORK):
            value = sum(self._times(n) * join.exact() for n, join in self._joins)
            return certain(value, self.quantities)
        if exact and not self._unrounded and self._cells < EXACT_CELLS:
            return Feasible(self.chains, self.limits, cells=EXACT_CELLS).count(exact=True)
        if exact:
            raise ValueError(
                "the space is too large to be counted exactly: leave out `exact`, or narrow it"
            )
        found = [(self._times(n), join.bounds()) for n, join in self._joins]
        low = sum(times * bounds.low for times, bounds in found)
        high = sum(times * bounds.high for times, bounds in found)
        if low == high:
            return certain(low, self.quantities)
        tries, kept = self._tried(high) if high - low > high // _SURE else (0, 0)
        return estimated(
            (low, high),
            self.resolution,
            kept=kept,
            tries=tries,
            forecast=lambda: sum(self._times(n) * join.estimate() for n, join in self._joins),
        )

    @property
    def candidates(self) -> int:
        """How many points there are at most, by rounded prices; 0 proves that there is none."""
        return sum(self._times(number) * join.candidates for number, join in self._joins)

    @property
    def empty(self) -> bool:
        """Whether there is no point, for sure; of what rounded prices let through none may be."""
        if not self.candidates:
            return True
        quick = self._unrounded and self._work <= EXACT_WORK
        return quick and not self.count().value

    @property
    def resolution(self) -> tuple[int, ...]:
        """How much too low the prices may be that the grids have, [quantities]; 0 if exact."""
        found = [0] * self.quantities
        for _, join in self._joins:
            for quantity, slack in zip(join.quantities, join.slack, strict=True):
                found[quantity] = max(found[quantity], slack)
        return tuple(found)

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Return n points, drawn independently and uniformly.

        Args:
            n: how many.
            rng: equal generators give equal points.

        Raises:
            ValueError: there is no point, or none is found in a million draws.
        """
        if not n:
            return Drawn(paths=gathered([], self._longest), acceptance=1.0)
        parts: list[Paths] = []
        found = drawn = 0
        while found < n:
            asked = n - found if not drawn else int((n - found) * (drawn + 1) / (found + 1))
            tries = min(MOST_TRIES, asked + asked // 4 + 16)
            paths = self.attempt(tries, rng)
            drawn, found = drawn + tries, found + len(paths)
            parts.append(paths)
            if not found and drawn >= MOST_TRIES:
                raise ValueError(f"none of {drawn:,} paths drawn is in the budget")
        paths = Paths(
            chain=np.concatenate([each.chain for each in parts])[:n],
            edges=np.concatenate([each.edges for each in parts])[:n],
        )
        return Drawn(paths=paths, acceptance=found / drawn)

    def attempt(self, tries: int, rng: np.random.Generator) -> Paths:
        """Return those of so many paths drawn that are in the budget.

        Raises:
            ValueError: there is no point.
        """
        paths = self._draw(rng, tries)
        kept = self.limits.holds(prices(self.chains, paths))
        return Paths(chain=paths.chain[kept], edges=paths.edges[kept])

    def every(self, *, most: int = 100_000) -> Paths | None:
        """Return all paths in the budget, or None where more than `most` may be.

        This costs as little in a large space as in a small one. They are in no order to rely on,
        and each is there once, whatever its chain's multiplicity.
        """
        if sum(join.candidates for _, join in self._joins) > most:
            return None
        parts = [(number, join.path(np.arange(join.candidates))) for number, join in self._joins]
        paths = gathered(parts, self._longest)
        kept = self.limits.holds(prices(self.chains, paths))
        return Paths(chain=paths.chain[kept], edges=paths.edges[kept])

    def cumulative(self, quantity: int, bounds: Sequence[int]) -> tuple[list[int], int]:
        """Return how many points have at most each bound of a quantity that is `watched`.

        And the resolution of the quantity: 0 if these are exact, as where that takes little work;
        else they are estimates like those of `Count`.
        """
        exact = self._unrounded and self._work * len(bounds) <= EXACT_WORK
        found = []
        for bound in bounds:
            upper = self._up_to(quantity, bound)
            paths = [
                join.exact(upper) if exact else join.estimate(upper) for _, join in self._joins
            ]
            found.append(
                sum(
                    self._times(number) * each
                    for (number, _), each in zip(self._joins, paths, strict=True)
                )
            )
        return found, 0 if exact else self.resolution[quantity]

    @property
    def _unrounded(self) -> bool:
        return all(join.unrounded for _, join in self._joins)

    @property
    def _work(self) -> int:
        return sum(join.exact_work for _, join in self._joins)

    def _tried(self, high: int) -> tuple[int, int]:
        """Return how many paths were drawn, by a generator of their own, and how many kept.

        Some drawn beforehand say how many are worth it, and are not among them.
        """
        rng = np.random.default_rng(0)
        pilot = len(self.attempt(PILOT, rng)) if high else 0
        tries = min(MOST_DRAWS, max(DRAWS, DRAWS * PILOT // (4 * max(1, pilot))))
        return tries, len(self.attempt(tries, rng)) if high else 0

    def _draw(self, rng: np.random.Generator, n: int) -> Paths:
        """Return n paths, uniformly by points, from those that may be in the budget."""
        sizes = [self._times(number) * join.candidates for number, join in self._joins]
        ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
        if not ends or not ends[-1]:
            raise ValueError("there is no point in the budget")
        numbers = below(rng, ends[-1], n)
        places = np.searchsorted(np.array(ends, dtype=numbers.dtype), numbers, side="right")
        parts, rows = [], []
        for place in np.unique(places).tolist():
            chain, join = self._joins[place]
            chosen = np.flatnonzero(places == place)
            within = (numbers[chosen] - (ends[place] - sizes[place])) // self._times(chain)
            parts.append((chain, join.path(within)))
            rows.append(chosen)
        paths = gathered(parts, self._longest)
        order = np.argsort(np.concatenate([np.zeros(0, np.int64), *rows]))  # as drawn
        return Paths(chain=paths.chain[order], edges=paths.edges[order])

    def _times(self, chain: int) -> int:
        return self.chains[chain].multiplicity

    def _up_to(self, quantity: int, bound: int) -> Window | None:
        if self.window is None:
            return None
        place = self.window.quantities.index(quantity)
        high = list(self.window.high)
        high[place] = min(high[place], bound)
        return replace(self.window, high=tuple(high))


def count(
    chains: Sequence[Chain], limits: Budget, *, exact: bool = False, cells: int = CELLS
) -> Count:
    """Return how many points are in the budget (`Feasible.count`)."""
    return Feasible(chains, limits, cells=cells).count(exact=exact)


def sample(
    chains: Sequence[Chain],
    limits: Budget,
    n: int,
    rng: np.random.Generator,
    *,
    fixed: Mapping[int, int | np.ndarray] | None = None,
) -> Drawn:
    """Return n points of the budget, independent and uniform (`Feasible.sample`).

    With `fixed`, of those that take these edges: a step's number, and its edge or several.
    """
    if fixed:
        chains = [only(chain, fixed) for chain in chains]
    return Feasible(chains, limits).sample(n, rng)
