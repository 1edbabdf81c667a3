"""How the points of a space are spread over prices, layout by layout: all that can be built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nas.space.counting.chains import Chain, budget
from nas.space.counting.distribution import distribution
from nas.space.counting.reach import extremes
from nas.space.priced import branches
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity
from search_spaces.language.space import SearchSpace

BARS = 32
WIDE = 8  # prices that differ by this factor stand on an axis of ratios
_CELLS = 400_000  # half paths kept, of a layout: a bar's height need be no finer


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Histograms of one quantity over the points of each layout, on common edges."""

    quantity: Quantity
    edges: tuple[int, ...]  # [bars + 1]; the first bar has both of its edges, others the later one
    counts: Mapping[str, tuple[int, ...]]  # by layout: [bars]
    least: int | None  # what the space's limits allow; None: any
    most: int | None
    resolution: int  # points may stand in a bar this much too early; 0: counts are exact

    @property
    def log(self) -> bool:
        """Whether bars are equally wide by ratio."""
        return self.edges[0] > 0 and self.edges[-1] >= WIDE * self.edges[0]

    def allowed(self, bar: int) -> bool:
        """Whether some price of a bar keeps to the limits."""
        low, high = self.edges[bar : bar + 2]
        return (self.least is None or high >= self.least) and (
            self.most is None or low <= self.most
        )


def spreads(space: SearchSpace, shape: DataShape, *, bars: int = BARS) -> tuple[Spread, ...]:
    """Return the histograms of parameters, of MACs, and of whatever else the space limits.

    Over all points that can be built, within the limits or not. Without any there is none.

    Raises:
        SpecError: a stage has more sizes than can be priced one by one.
    """
    limited = [limit.quantity for limit in space.limits]
    asked = tuple(dict.fromkeys((Quantity.PARAMETERS, Quantity.MACS, *limited)))
    layouts: dict[str, list[Chain]] = {}
    for branch in branches(space, shape, asked):
        layouts.setdefault(branch.layout.name, []).append(branch.chain)
    every = [chain for chains in layouts.values() for chain in chains]
    reached = extremes(every) if every else None
    if reached is None:
        return ()
    found = []
    for place, quantity in enumerate(asked):
        edges = _edges(int(reached[0][place]), int(reached[1][place]), bars)
        made = {
            name: distribution(chains, budget(len(asked)), place, edges=edges, cells=_CELLS)
            for name, chains in layouts.items()
        }
        bounds = [limit for limit in space.limits if limit.quantity is quantity]
        found.append(
            Spread(
                quantity=quantity,
                edges=edges,
                counts={name: each.counts for name, each in made.items()},
                least=max((b.least for b in bounds if b.least is not None), default=None),
                most=min((b.most for b in bounds if b.most is not None), default=None),
                resolution=max(each.resolution for each in made.values()),
            )
        )
    return tuple(found)


def bars_of(spreads: Sequence[Spread]) -> list[dict[str, int | str]]:
    """Return the bars as rows: of which quantity and layout, from where to where, how many points.

    Bars without points are left out.
    """
    return [
        {
            "quantity": each.quantity.value,
            "layout": name,
            "low": low,
            "high": high,
            "points": points,
        }
        for each in spreads
        for name, counts in each.counts.items()
        for (low, high), points in zip(pairwise(each.edges), counts, strict=True)
        if points
    ]


def _edges(low: int, high: int, bars: int) -> tuple[int, ...]:
    """Return at least two edges, from `low` to `high`, equally far apart or by ratio."""
    if low > 0 and high >= WIDE * low:
        inner = np.geomspace(low, high, bars + 1)[1:-1]
    else:
        inner = np.linspace(low, high, bars + 1)[1:-1]
    edges = sorted({low, *(int(each) for each in inner), high})
    return tuple(edges) if len(edges) > 1 else (low, low)
