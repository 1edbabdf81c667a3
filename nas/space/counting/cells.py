"""Half paths as cells: those that end in one state at one price, or near it, kept as one.

A cell has a price and a weight, the number of its half paths; each of these costs the cell's price
or up to `slack` more, which is the same for all cells of a layer. Without slack prices are exact.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from nas.space.counting.integers import FITS, ascending, cumulated


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cells:
    """Half paths by where they end and what they cost."""

    state: np.ndarray  # [cells], uint16
    low: tuple[np.ndarray, ...]  # for each quantity bounded: [cells], int64
    weight: np.ndarray  # [cells], int64
    slack: tuple[int, ...]  # for each quantity bounded

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(self.state)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Members:
    """Which cells were put together: their numbers, merged cell by merged cell."""

    order: np.ndarray  # [members]
    first: np.ndarray  # [merged cells], places in `order`
    cumulative: np.ndarray  # [members + 1], weights in this order

    def find(self, cells: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for the `rest`-th half path of each cell: its member, and which of that's."""
        wanted = self.cumulative[self.first[cells]] + rest
        place = np.searchsorted(self.cumulative, wanted, side="right") - 1
        return self.order[place], wanted - self.cumulative[place]


def grouped(keys: np.ndarray, weight: np.ndarray) -> Members:
    """Return the members of each key, keys in ascending order; none is negative."""
    ordered, order = ascending(keys)
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    return Members(order=order, first=first, cumulative=cumulated(weight[order]))


def sorted_by_state(cells: Cells) -> tuple[Cells, Members]:
    """Return the cells sorted, and where they come from."""
    order = np.argsort(cells.state, kind="stable")
    weight = cells.weight[order]
    found = Cells(
        state=cells.state[order],
        low=tuple(low[order] for low in cells.low),
        weight=weight,
        slack=cells.slack,
    )
    return found, Members(order=order, first=np.arange(len(order)), cumulative=cumulated(weight))


def merged(cells: Cells, widths: tuple[int, ...]) -> tuple[Cells, Members]:
    """Return the cells with prices rounded down to multiples of `widths`, equal ones as one.

    A width of 1 merges what is equal and adds no slack. There must be a cell.
    """
    rounded = [low // width for low, width in zip(cells.low, widths, strict=True)]
    members = grouped(_numbered([cells.state, *rounded]), cells.weight)
    chosen = members.order[members.first]
    found = Cells(
        state=cells.state[chosen],
        low=tuple(numbers[chosen] * width for numbers, width in zip(rounded, widths, strict=True)),
        weight=np.add.reduceat(cells.weight[members.order], members.first),
        slack=tuple(slack + width - 1 for slack, width in zip(cells.slack, widths, strict=True)),
    )
    return found, members


def _numbered(columns: list[np.ndarray]) -> np.ndarray:
    """Return a number for each row, equal for equal rows and ascending as the rows do."""
    least = [int(column.min()) for column in columns]
    spans = [int(column.max()) - low + 1 for column, low in zip(columns, least, strict=True)]
    if prod(spans) < FITS:
        packed = np.zeros(len(columns[0]), np.int64)
        for column, low, span in zip(columns, least, spans, strict=True):
            packed = packed * span + (column.astype(np.int64) - low)
        return packed
    keys = np.unique(columns[0], return_inverse=True)[1]
    for column in columns[1:]:
        values, places = np.unique(column, return_inverse=True)
        keys = np.unique(keys * len(values) + places, return_inverse=True)[1]
    return keys
