"""The paths of one chain: its first half, cell by cell, joined with the grid of its second."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nas.space.counting import dominance
from nas.space.counting.chains import OPEN
from nas.space.counting.grids import Grid, GridBoxes
from nas.space.counting.halves import Half, Window
from nas.space.counting.integers import cumulated, place, products, total


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Bounds:
    """What is known of a number of paths: it lies between `low` and `high`."""

    low: int
    high: int


class Join:
    """All pairs of half paths that meet in a state."""

    def __init__(self, first: Half, second: Half, grid: Grid, window: Window) -> None:
        """Take two halves, the grid of the second, and the window that both have grown in."""
        self._first, self._second, self._grid, self._window = first, second, grid, window
        cells, ranges = first.cells, grid.ranges
        groups = np.full(len(first.reach.paths), -1, np.int64)
        groups[ranges.states] = np.arange(len(ranges.states))
        group = groups[cells.state]
        self._rows = np.flatnonzero(group >= 0)
        self._group = group[self._rows]
        self._weight = cells.weight[self._rows]
        self._base = tuple(
            low[self._rows] + base[self._group]
            for low, base in zip(cells.low, ranges.low, strict=True)
        )
        self.slack = tuple(own + other for own, other in zip(cells.slack, grid.slack, strict=True))

    @property
    def quantities(self) -> tuple[int, ...]:
        """Which of the chain's quantities are looked at."""
        return self._window.quantities

    @property
    def exact_work(self) -> int:
        """About how many elementary steps `exact` takes."""
        bounded = sum(
            low > -OPEN or high < OPEN
            for low, high in zip(self._window.low, self._window.high, strict=True)
        )
        return dominance.work(len(self._second.cells), len(self._rows), bounded)

    @property
    def unrounded(self) -> bool:
        """Whether the prices of both halves are exact."""
        return not any((*self._first.cells.slack, *self._second.cells.slack))

    def exact(self, window: Window | None = None) -> int:
        """Return how many paths are in the window; both halves must be `unrounded`."""
        window = window or self._window
        cells, second = self._first.cells, self._second.cells
        bounds = list(zip(cells.low, window.low, window.high, strict=True))
        counts = dominance.counted(
            dominance.Points(group=second.state, values=second.low, weight=second.weight),
            dominance.Boxes(
                group=cells.state,
                low=tuple(low - price if low > -OPEN else None for price, low, _ in bounds),
                high=tuple(high - price if high < OPEN else None for price, _, high in bounds),
            ),
        )
        return total(products(cells.weight, counts))

    def bounds(self) -> Bounds:
        """Return bounds of the number of paths in the window.

        A path is priced too low by 0 to `slack`. So all that are in the window have a price from
        `slack` below its low bound to its high bound, and all with a price from its low bound to
        `slack` below its high bound are in it.
        """
        none = (0,) * len(self.slack)
        if not any(self.slack):
            return Bounds(low=self.candidates, high=self.candidates)
        return Bounds(low=self._paths(self._window, none, self.slack), high=self.candidates)

    def estimate(self, window: Window | None = None) -> int:
        """Return how many paths are in the window if all are priced too low by half of `slack`."""
        half = tuple(slack // 2 for slack in self.slack)
        return self._paths(window or self._window, half, half)

    @property
    def candidates(self) -> int:
        """How many paths may be in the window, by their rounded prices: those `path` numbers."""
        return int(self._candidates[1][-1])

    def path(self, numbers: np.ndarray) -> np.ndarray:
        """Return the edges of the candidates of these numbers, [n, steps]."""
        counts, cumulative = self._candidates
        row, rest = place(cumulative, numbers.astype(cumulative.dtype))
        seconds = counts[row].astype(rest.dtype)
        first_rest = (rest // seconds).astype(np.int64)
        second_rest = (rest % seconds).astype(np.int64)
        boxes = self._boxes(self._window, self.slack, (0,) * len(self.slack), row)
        cell, second_rest = self._grid.find(boxes, second_rest)
        return np.concatenate(
            [
                self._first.edges(self._rows[row], first_rest),
                self._second.edges(cell, second_rest)[:, ::-1],
            ],
            axis=1,
        )

    @cached_property
    def _candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """For each first half: how many second halves may complete it; and the pairs, summed up."""
        boxes = self._boxes(self._window, self.slack, (0,) * len(self.slack))
        counts = self._grid.weight(boxes)
        return counts, cumulated(products(self._weight, counts))

    def _paths(self, window: Window, below: tuple[int, ...], above: tuple[int, ...]) -> int:
        boxes = self._boxes(window, below, above)
        return total(products(self._weight, self._grid.weight(boxes)))

    def _boxes(
        self,
        window: Window,
        below: tuple[int, ...],
        above: tuple[int, ...],
        rows: np.ndarray | None = None,
    ) -> GridBoxes:
        """Return each first half's box: the window begun `below` earlier and ended `above` so."""
        begins: list[np.ndarray | None] = []
        ends = []
        for index, (base, width, size) in enumerate(
            zip(self._base, self._grid.bins, self._grid.sizes, strict=True)
        ):
            price = base if rows is None else base[rows]
            low, high = window.low[index], window.high[index]
            end = np.full(len(price), size)
            if high < OPEN:
                end = np.clip((high - above[index] - price) // width + 1, 0, size)
            begin = None
            if low > -OPEN:
                begin = np.clip(-((price - (low - below[index])) // width), 0, size)
                end = np.maximum(begin, end)
            begins.append(begin)
            ends.append(end)
        group = self._group if rows is None else self._group[rows]
        return GridBoxes(group=group, begin=tuple(begins), end=tuple(ends))
