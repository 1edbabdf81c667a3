"""How the points of a budget are spread over a quantity: for a drawing of prices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.space.counting.chains import Budget, Chain
from nas.space.counting.feasible import Feasible
from nas.space.counting.reach import extremes

CELLS = 4_000_000  # fewer than for a count: a bar's height need not be that of a number


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """Numbers of points, bar by bar."""

    edges: tuple[int, ...]  # [bars + 1]; the first bar has both of its edges, others the later one
    counts: tuple[int, ...]  # [bars], estimates where prices are rounded
    resolution: int  # of the quantity: points may stand in a bar this much too early


def distribution(
    chains: Sequence[Chain],
    limits: Budget,
    quantity: int,
    *,
    bins: int = 40,
    cells: int = CELLS,
    edges: Sequence[int] = (),
) -> Distribution:
    """Return a histogram of a quantity over the points in the budget.

    From the least to the largest value that the budget's bounds of this quantity leave, in bars of
    equal width; or with the `edges` given, in ascending order, between which all points must lie.
    Without any point it has no bars.
    """
    reached = extremes(chains)
    nothing = Distribution(edges=(), counts=(), resolution=0)
    if reached is None:
        return nothing
    low = max(int(reached[0][quantity]), int(limits.low[quantity]))
    high = min(int(reached[1][quantity]), int(limits.high[quantity]))
    points = Feasible(chains, limits, cells=cells, watched=(quantity,))
    if low > high or not points.candidates:
        return nothing
    if not edges:
        spaced = np.linspace(low, high, min(bins, high - low + 1) + 1)
        edges = sorted({int(each) for each in spaced})
        if len(edges) == 1:
            edges *= 2
    below, resolution = points.cumulative(quantity, edges[1:])
    counts = np.maximum(np.diff([0, *below]), 0)
    return Distribution(
        edges=tuple(edges),
        counts=tuple(int(each) for each in counts),
        resolution=resolution,
    )
