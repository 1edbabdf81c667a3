"""Half paths on a grid of prices, summed up so that a box of it is counted with a few look-ups.

Each state has its own grid over the prices that its half paths have, with bins as wide, in every
quantity, as the same share of the budget's width; a half path counts as if it cost its bin's least
price. What that hides, a bin's width less one, is the grid's part of the slack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from nas.space.counting.cells import Cells, Members, grouped

_LEAST_BINS, _BINS_A_CELL = 4096, 256  # more do not pay where there are few cells
_STEPS_OF_TWO = 4  # widths tried: each 2^(1/4) of the one before
_WIDEST = 30 * _STEPS_OF_TWO


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ranges:
    """Between which prices the half paths of each state lie, of each quantity bounded."""

    states: np.ndarray  # [groups], ascending: all states that there are
    low: tuple[np.ndarray, ...]  # for each quantity: [groups]
    high: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GridBoxes:
    """Boxes of bins, [begin, end) in each quantity; without `begin` from the first bin on."""

    group: np.ndarray  # [boxes]
    begin: tuple[np.ndarray | None, ...]  # for each quantity: [boxes]
    end: tuple[np.ndarray, ...]


class Grid:
    """How much weight lies in boxes of bins, and what it is made of."""

    def __init__(self, cells: Cells, ranges: Ranges, widths: Sequence[int], *, most: int) -> None:
        """Sort the cells into at most about `most` bins; `widths` are those of the budget."""
        self.ranges, self._cells = ranges, cells
        spans = [
            int((high - low).max(initial=0))
            for low, high in zip(ranges.low, ranges.high, strict=True)
        ]
        most = min(most, _LEAST_BINS + _BINS_A_CELL * len(cells))
        self.bins = _fitting(spans, widths, most // max(1, len(ranges.states)))
        self.slack = tuple(
            slack + width - 1 for slack, width in zip(cells.slack, self.bins, strict=True)
        )
        self.sizes = tuple(span // width + 1 for span, width in zip(spans, self.bins, strict=True))
        shape = [size + 1 for size in self.sizes]
        self._strides = [prod(shape[place + 1 :]) for place in range(len(shape))]
        self._of_group = prod(shape)
        self._places = self._sorted_in()
        sums = np.zeros(len(ranges.states) * self._of_group, np.int64)
        np.add.at(sums, self._places, cells.weight)
        table = sums.reshape(len(ranges.states), *shape)
        for axis in range(1, table.ndim):
            np.cumsum(table, axis=axis, out=table)
        self._sums = sums

    def weight(self, boxes: GridBoxes) -> np.ndarray:
        """Return the weight in each box, [boxes]."""
        found: np.ndarray | None = None
        corners = [
            [(end, 1)] if begin is None else [(end, 1), (begin, -1)]
            for begin, end in zip(boxes.begin, boxes.end, strict=True)
        ]
        for chosen in product(*corners):
            place = boxes.group * self._of_group
            for (index, _), stride in zip(chosen, self._strides, strict=True):
                place = place + index * stride if stride > 1 else place + index
            part = self._sums.take(place)
            if found is None:
                found = part
            elif prod(sign for _, sign in chosen) > 0:
                found += part
            else:
                found -= part
        assert found is not None
        return found

    def find(self, boxes: GridBoxes, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cell of the `rest`-th half path in each box, and which of the cell's it is."""
        begins = [np.zeros_like(rest) if each is None else each for each in boxes.begin]
        ends = list(boxes.end)
        for place in range(len(ends)):
            first, low, high = begins[place], begins[place], ends[place]
            while (high - low > 1).any():
                middle = (low + high) // 2
                ends[place] = middle
                before = self._between(boxes.group, begins, ends)
                low = np.where(before <= rest, middle, low)
                high = np.where(before <= rest, high, middle)
            begins[place], ends[place] = first, low
            rest = rest - self._between(boxes.group, begins, ends)
            begins[place], ends[place] = low, low + 1
        bins = boxes.group * self._of_group
        for end, stride in zip(ends, self._strides, strict=True):
            bins = bins + end * stride
        there, members = self._members
        return members.find(np.searchsorted(there, bins), rest)

    def _between(
        self, group: np.ndarray, begins: list[np.ndarray], ends: list[np.ndarray]
    ) -> np.ndarray:
        return self.weight(GridBoxes(group=group, begin=tuple(begins), end=tuple(ends)))

    def _sorted_in(self) -> np.ndarray:
        """Return the place of each cell's bin in the table, [cells]."""
        cells, ranges = self._cells, self.ranges
        numbers = np.zeros(1 + int(ranges.states.max(initial=0)), np.int64)
        numbers[ranges.states] = np.arange(len(ranges.states))
        group = numbers[cells.state]
        places = group * self._of_group
        for low, base, width, stride in zip(
            cells.low, ranges.low, self.bins, self._strides, strict=True
        ):
            places += ((low - base[group]) // width + 1) * stride
        return places

    @cached_property
    def _members(self) -> tuple[np.ndarray, Members]:
        members = grouped(self._places, self._cells.weight)
        return self._places[members.order[members.first]], members


def _fitting(spans: Sequence[int], widths: Sequence[int], most: int) -> tuple[int, ...]:
    """Return the finest bins, of an equal share of each width, of which there are few enough."""
    bins: tuple[int, ...] = ()
    for step in range(_WIDEST, -1, -1):
        share = 2.0 ** ((step - _WIDEST) / _STEPS_OF_TWO) * 2**10
        finer = tuple(max(1, int(width * share)) for width in widths)
        sizes = [span // each + 2 for span, each in zip(spans, finer, strict=True)]
        if bins and prod(sizes) > most:
            break
        bins = finer
    return bins
