"""All half paths of a chain, from an end to the state where it is cut, that a budget leaves.

They grow step by step; what no completion brings into the budget is dropped at once. Where there
would be too many, those of nearly equal price are merged before a step (`nas.space.counting.cells`)
in bins as wide as needed: then prices are known up to a slack, and the half is a dynamic program on
a grid of prices in place of a list. Of every cell the paths can be found again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from nas.space.counting.cells import Cells, Members, merged, sorted_by_state
from nas.space.counting.integers import cumulated
from nas.space.counting.reach import Reach, advanced

_BLOCK = 1 << 20  # half paths looked at in one go
_PROBED = 16  # cells of a state on which the number of its half paths is forecast
_FEW = 10_000  # half paths that are not worth a look for equal ones
_FINEST = 2**-14  # of the budget's width: the first bins tried


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Window:
    """The bounds of a budget on the quantities that need watching."""

    quantities: tuple[int, ...]  # which of the chain's
    low: tuple[int, ...]
    high: tuple[int, ...]
    width: tuple[int, ...]  # from the least sum to the largest that is within the bounds


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Arrows:
    """The edges of a step in the direction in which a half grows, sorted by source."""

    source: np.ndarray  # [edges]
    target: np.ndarray  # [edges]
    prices: np.ndarray  # [edges, quantities], all of the chain's
    edge: np.ndarray  # [edges], its number in the step


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Grown:
    """How the cells after a step came from those before it."""

    members: Members  # of the cells before it, which were sorted by state, or merged
    kept: np.ndarray  # [cells], place in a block: cell by cell, arrow by arrow
    begins: np.ndarray  # [blocks + 1], the first of `kept` of each block
    first_cell: np.ndarray  # [blocks]
    first_arrow: np.ndarray  # [blocks]
    arrows: np.ndarray  # [blocks], how many
    edge: np.ndarray  # of the arrows


class Half:
    """The half paths as cells, and the way back from a cell to its paths."""

    def __init__(
        self,
        steps: Sequence[Arrows],
        ends: tuple[Sequence[Reach], Reach],
        window: Window,
        *,
        most: int,
    ) -> None:
        """Grow the half paths; of about `most` cells at a time.

        Args:
            steps: in the direction of growth.
            ends: the reach after no step, one, and so on, to all of these; and what completes them:
                the reach of the other half at the cut, over all chains that share this one.
            window: what whole paths must keep.
            most: more cells are merged, as far as needed.
        """
        self._window, self._most = window, most
        self._grown: list[_Grown] = []
        reaches, completion = ends
        behind = [completion]
        for step in reversed(steps):
            behind.append(advanced(behind[-1], step.target, step.source, step.prices))
        behind.reverse()
        states = np.flatnonzero((reaches[0].paths > 0) & (behind[0].paths > 0))
        cells = Cells(
            state=states.astype(np.uint16),
            low=tuple(reaches[0].low[states, quantity] for quantity in window.quantities),
            weight=np.ones(len(states), np.int64),
            slack=(0,) * len(window.quantities),
        )
        for step, reach, rest in zip(steps, reaches, behind[1:], strict=False):
            arrows, limits = self._trimmed(step, reach, rest)
            cells = self._step(cells, arrows, limits)
        self.cells, self.reach = cells, reaches[-1]

    def edges(self, cells: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Return the edges of the `rest`-th half path of each cell, [n, steps], as they grew."""
        found = np.empty((len(cells), len(self._grown)), np.int64)
        for number, grown in reversed(list(enumerate(self._grown))):
            block = np.searchsorted(grown.begins, cells, side="right") - 1
            row, column = np.divmod(grown.kept[cells], grown.arrows[block])
            found[:, number] = grown.edge[grown.first_arrow[block] + column]
            cells = grown.first_cell[block] + row
            cells, rest = grown.members.find(cells, rest)
        return found

    def _trimmed(
        self, step: Arrows, reach: Reach, rest: Reach
    ) -> tuple[Arrows, list[tuple[np.ndarray, np.ndarray]]]:
        """Return the arrows that some path in the budget takes.

        And for each quantity the least and the largest price with which a cell may take each.
        """
        usable = (reach.paths[step.source] > 0) & (rest.paths[step.target] > 0)
        limits = []
        for place, quantity in enumerate(self._window.quantities):
            price = step.prices[:, quantity]
            least = self._window.low[place] - rest.high[step.target, quantity] - price
            most = self._window.high[place] - rest.low[step.target, quantity] - price
            usable &= reach.high[step.source, quantity] >= least
            usable &= reach.low[step.source, quantity] <= most
            limits.append((least, most))
        chosen = np.flatnonzero(usable)
        chosen = chosen[np.argsort(step.source[chosen], kind="stable")]
        arrows = Arrows(
            source=step.source[chosen],
            target=step.target[chosen],
            prices=step.prices[chosen][:, list(self._window.quantities)],
            edge=step.edge[chosen],
        )
        return arrows, [(least[chosen], most[chosen]) for least, most in limits]

    def _step(
        self, cells: Cells, arrows: Arrows, limits: list[tuple[np.ndarray, np.ndarray]]
    ) -> Cells:
        growth = _Growth(arrows, limits)
        fitting, members = sorted_by_state(cells)
        scale = 0.0
        while growth.most(fitting) > _FEW and scale <= 1:
            widths = tuple(max(1, int(width * scale)) for width in self._window.width)
            fitting, members = merged(cells, widths)
            if growth.most(fitting) <= self._most:
                break
            times = growth.expected(fitting) / self._most
            if times <= 1:
                break
            # Bins twice as wide hold the cells of 2^quantities at most, so that none that would do
            # is passed over.
            doublings = max(1, int(log2(times) / len(widths))) if widths else 1
            scale = max(_FINEST, scale * 2**doublings)
        found, grown = growth.grown(fitting, members)
        self._grown.append(grown)
        return found


class _Growth:
    """A step: which cells may take which of its arrows, and what comes of it."""

    def __init__(self, arrows: Arrows, limits: list[tuple[np.ndarray, np.ndarray]]) -> None:
        self._arrows, self._limits = arrows, limits
        ends = np.flatnonzero(np.r_[arrows.source[1:] != arrows.source[:-1], True]) + 1
        self._ends = ends if len(arrows.source) else ends[:0]

    def most(self, cells: Cells) -> int:
        """Return how many cells these, sorted by state, become at most."""
        return sum(
            (end - begin) * (arrows.stop - arrows.start)
            for (begin, end), arrows in self._blocks(cells)
        )

    def expected(self, cells: Cells) -> float:
        """Return about how many cells these, sorted by state, become."""
        found = 0.0
        for (begin, end), arrows in self._blocks(cells):
            rows = np.arange(begin, end, max(1, (end - begin) // _PROBED))
            allowed = self._allowed(cells, rows, arrows)
            share = 1.0 if allowed is None else allowed.mean()
            found += share * (end - begin) * (arrows.stop - arrows.start)
        return found

    def grown(self, cells: Cells, members: Members) -> tuple[Cells, _Grown]:
        """Return what these cells, sorted by state, become; `members` is where they come from."""
        quantities = range(len(cells.low))
        kept, states, weights = [], [], []
        lows: list[list[np.ndarray]] = [[] for _ in quantities]
        blocks: list[tuple[int, int, int]] = []
        for (begin, end), arrows in self._chunks(cells):
            count = arrows.stop - arrows.start
            rows = np.arange(begin, end)
            allowed = self._allowed(cells, rows, arrows)
            if allowed is None:
                places = np.arange(len(rows) * count, dtype=np.int32)
            else:
                places = np.flatnonzero(allowed).astype(np.int32)
            row, column = np.divmod(places, np.int32(count))
            kept.append(places)
            states.append(self._arrows.target[arrows].astype(np.uint16)[column])
            weights.append(cells.weight[begin:end][row])
            for place in quantities:
                prices = self._arrows.prices[arrows, place]
                lows[place].append(cells.low[place][begin:end][row] + prices[column])
            blocks.append((begin, arrows.start, count))
        first_cell, first_arrow, counts = np.array(blocks, np.int64).reshape(-1, 3).T
        sizes = np.array([len(places) for places in kept], np.int64)
        grown = _Grown(
            members=members,
            kept=_joined(kept, np.int32),
            begins=cumulated(sizes),
            first_cell=first_cell,
            first_arrow=first_arrow,
            arrows=counts,
            edge=self._arrows.edge,
        )
        found = Cells(
            state=_joined(states, np.uint16),
            low=tuple(_joined(low, np.int64) for low in lows),
            weight=_joined(weights, np.int64),
            slack=cells.slack,
        )
        return found, grown

    def _blocks(self, cells: Cells) -> Iterator[tuple[tuple[int, int], slice]]:
        """Yield the cells of each state and the arrows from there."""
        begins = np.r_[0, self._ends[:-1]]
        states = self._arrows.source[begins[: len(self._ends)]].astype(np.uint16)
        firsts = np.searchsorted(cells.state, states, side="left").tolist()
        lasts = np.searchsorted(cells.state, states, side="right").tolist()
        for first, last, begin, end in zip(
            firsts, lasts, begins.tolist(), self._ends.tolist(), strict=False
        ):
            if last > first:
                yield (first, last), slice(begin, end)

    def _chunks(self, cells: Cells) -> Iterator[tuple[tuple[int, int], slice]]:
        """Yield the blocks in parts that fit into a cache."""
        for (begin, end), arrows in self._blocks(cells):
            size = max(1, _BLOCK // (arrows.stop - arrows.start))
            for start in range(begin, end, size):
                yield (start, min(end, start + size)), arrows

    def _allowed(self, cells: Cells, rows: np.ndarray, arrows: slice) -> np.ndarray | None:
        """Return which of the rows may take which arrow, [rows, arrows]; None: all may."""
        found: np.ndarray | None = None
        for low, slack, (least, most) in zip(cells.low, cells.slack, self._limits, strict=True):
            prices, floor, ceiling = low[rows], least[arrows] - slack, most[arrows]
            if prices.max() > ceiling.min():
                within = prices[:, None] <= ceiling
                found = within if found is None else found & within
            if prices.min() < floor.max():
                within = prices[:, None] >= floor
                found = within if found is None else found & within
        return found


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)
