"""All networks of a grid as sums of two halves, and the sum closest to a wanted size.

Parameters and MACs are sums: of the stem, of each stage's first block, which depends on two
neighbouring widths, of its other blocks, all equal, and of the head. So the networks are cut where
a width joins two halves, and instead of all networks the pairs of halves are searched: the closest
of 10^8 networks is found among some 10^4 halves.

A price is a point of the plane, scaled so that equal distances are equal relative errors. Where
both are wanted, x is parameters times the MACs wanted and y is MACs times the parameters wanted,
so that the target is at their product in either; where one is wanted, it is x, and y is 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf, prod

from coatnet.block_costs import block_cost, head_cost, stem_cost
from coatnet.config import BlockType, CoAtNetConfig, StemType
from coatnet.dimensions import block_options
from coatnet.nearest_sum import Nearest, NearestSum, Part
from coatnet.size_grid import Growth, SizeGrid

MAX_HALVES = 1_000_000  # weighed at most, which takes seconds
MAX_PAIRS = 100_000  # of neighbouring widths, priced at most: a second
_FEW = 4  # depths of a stage in the first, quick search

Point = tuple[int, int]
Size = tuple[int, int]  # height and width of a map, in cells
Halves = dict[int, list[Part]]  # by the width at which they join; a part's number is its network's


class HalfNetworks:
    """The networks of a grid, numbered in its order: stem width, depth of S1, width of S1, ..."""

    def __init__(
        self, config: CoAtNetConfig, grid: SizeGrid, *, parameters: int | None, macs: int | None
    ) -> None:
        """Sort the grid's values; `config` has all that the grid does not.

        Raises:
            ValueError: the grid has other stages than `config`, no network, or too many widths.
        """
        if len(grid.depths) != len(config.stages):
            raise ValueError(
                f"the grid lists sizes of {len(grid.depths)} stages, {config.layout} has "
                f"{len(config.stages)}"
            )
        self._config = config
        self._prices = _Prices(config, parameters=parameters, macs=macs)
        self._depths = [sorted(set(depths)) for depths in grid.depths]
        self._widths = [_of_heads(config, n, widths) for n, widths in enumerate(grid.widths)]
        self._growths: list[Growth | None] = [grid.growth] * len(config.stages)
        self._stems = sorted(set(grid.stem_widths)) or [config.stem.width]
        self._growths[0] = grid.stem_growth
        if config.stem.type is StemType.PATCH:
            self._stems, self._growths[0] = self._widths[0], (1.0, 1.0)
        # how many networks share the choices up to the stem, up to S1, ...
        sizes = [len(d) * len(w) for d, w in zip(self._depths, self._widths, strict=True)]
        self._shared = [prod(sizes[stage:]) for stage in range(len(sizes) + 1)]
        self._built, self._limit = 0, (inf, inf)
        pairs = len(self._stems) * len(self._widths[0]) + sum(
            len(a) * len(b) for a, b in zip(self._widths, self._widths[1:], strict=False)
        )
        if pairs > MAX_PAIRS:
            raise ValueError(f"the grid has {pairs:,} pairs of widths: {MAX_PAIRS:,} at most")

    def closest(self) -> CoAtNetConfig:
        """Return the network closest to the target; of equals, the first.

        Raises:
            ValueError: the grid has no network, or too many to weigh.
        """
        few = [range(0, len(d), max(1, len(d) // _FEW)) for d in self._depths]
        near = self._search(few, radius=inf)
        if near is None:
            raise ValueError("the grid has no network: its widths do not grow as it allows")
        # What is off by more than a network already found need not be built.
        best = self._search([range(len(d)) for d in self._depths], radius=near[0])
        assert best is not None
        return self._network(best[2])

    def _search(self, depths: Sequence[Iterable[int]], *, radius: float) -> Nearest | None:
        """Return the best of the networks with these depths (places in their lists), if any."""
        target_x, target_y = self._prices.target
        self._built, self._limit = 0, (target_x + radius, target_y + radius)
        cut = (len(self._widths) + 1) // 2
        lefts, rights = self._lefts(depths[:cut]), self._rights(depths[cut:])
        search = NearestSum(self._prices.target, radius=radius)
        for width, parts in lefts.items():
            search.add(parts, rights.get(width, ()))
        return search.best

    def _lefts(self, depths: Sequence[Iterable[int]]) -> Halves:
        """Return the stem and the first stages, by the width of the last of them."""
        if self._config.stem.type is StemType.PATCH:  # whose width is S1's, and no choice
            halves = {width: [(*self._prices.stem(width), 0)] for width in self._stems}
        else:
            halves = {
                width: [(*self._prices.stem(width), index * self._shared[0])]
                for index, width in enumerate(self._stems)
            }
        for stage, chosen in enumerate(depths):
            grown: Halves = {}
            for after in self._widths[stage]:
                for before, parts in halves.items():
                    if self._grows(stage, before, after):
                        added = self._with_stage(stage, (before, after), chosen, parts)
                        grown.setdefault(after, []).extend(added)
            halves = grown
        return halves

    def _rights(self, depths: Sequence[Iterable[int]]) -> Halves:
        """Return the last stages and the head, by the width of the stage before them."""
        halves = {width: [(*self._prices.head(width), 0)] for width in self._widths[-1]}
        last = len(self._widths) - 1
        for stage, chosen in zip(range(last, -1, -1), reversed(depths), strict=False):
            grown: Halves = {}
            for before in self._widths[stage - 1]:
                for after, parts in halves.items():
                    if self._grows(stage, before, after):
                        added = self._with_stage(stage, (before, after), chosen, parts)
                        grown.setdefault(before, []).extend(added)
            halves = grown
        return halves

    def _with_stage(
        self, stage: int, widths: tuple[int, int], depths: Iterable[int], parts: Sequence[Part]
    ) -> list[Part]:
        """Return the parts with a stage of each depth added, without those that are too large."""
        first_x, first_y = self._prices.first(stage, widths)
        other_x, other_y = self._prices.other(stage, widths[1])
        most_x, most_y = self._limit
        place = self._widths[stage].index(widths[1])
        found: list[Part] = []
        for index in depths:
            others = self._depths[stage][index] - 1
            dx, dy = first_x + others * other_x, first_y + others * other_y
            up_to_x, up_to_y = most_x - dx, most_y - dy
            number = (index * len(self._widths[stage]) + place) * self._shared[stage + 1]
            deeper = [
                (x + dx, y + dy, n + number) for x, y, n in parts if x <= up_to_x and y <= up_to_y
            ]
            if not deeper:
                break  # nor is there room for more blocks
            found += deeper
        self._built += len(found)
        if self._built > MAX_HALVES:
            raise ValueError(f"the grid has more than {MAX_HALVES:,} half networks: narrow it")
        return found

    def _grows(self, stage: int, before: int, after: int) -> bool:
        growth = self._growths[stage]
        return growth is None or growth[0] * before <= after <= growth[1] * before

    def _network(self, number: int) -> CoAtNetConfig:
        """Return the network of that number."""
        place, rest = divmod(number, self._shared[0])
        stages = []
        for index, stage in enumerate(self._config.stages):
            chosen, rest = divmod(rest, self._shared[index + 1])
            depth, width = divmod(chosen, len(self._widths[index]))
            stages.append(
                replace(stage, depth=self._depths[index][depth], width=self._widths[index][width])
            )
        stem = replace(self._config.stem, width=self._stems[place])
        if stem.type is StemType.PATCH:
            stem = replace(stem, width=stages[0].width)
        return replace(self._config, stem=stem, stages=tuple(stages))


class _Prices:
    """What each part of a network costs, as points; every block is priced once."""

    def __init__(self, config: CoAtNetConfig, *, parameters: int | None, macs: int | None) -> None:
        """Price parts of `config`, with other widths, towards these targets."""
        self._config, self._parameters, self._macs = config, parameters, macs
        self._blocks: dict[tuple[int, tuple[int, int], Size], Point] = {}
        self._maps, self._bias_maps = config.map_sizes, config.bias_map_sizes
        self.target = self._point(parameters or 0, macs or 0)

    def stem(self, width: int) -> Point:
        stem = replace(self._config.stem, width=width)
        price = stem_cost(replace(self._config, stem=stem), self._maps[0])
        return self._point(price.parameters, price.macs)

    def head(self, width: int) -> Point:
        price = head_cost(self._config, width)
        return self._point(price.parameters, price.macs)

    def first(self, stage: int, widths: tuple[int, int]) -> Point:
        """The block that changes width and stride."""
        return self._block(stage, widths, self._maps[stage])

    def other(self, stage: int, width: int) -> Point:
        return self._block(stage, (width, width), self._maps[stage + 1])

    def _block(self, stage: int, widths: tuple[int, int], in_size: Size) -> Point:
        key = (stage, widths, in_size)
        if key not in self._blocks:
            price = block_cost(
                self._config,
                self._config.stages[stage],
                widths=widths,
                in_size=in_size,
                size=self._maps[stage + 1],
                bias_size=self._bias_maps[stage + 1],
            )
            self._blocks[key] = self._point(price.parameters, price.macs)
        return self._blocks[key]

    def _point(self, parameters: int, macs: int) -> Point:
        if self._macs is None:
            return parameters, 0
        if self._parameters is None:
            return macs, 0
        return parameters * self._macs, macs * self._parameters


def _of_heads(config: CoAtNetConfig, stage: int, widths: Iterable[int]) -> list[int]:
    """Return a stage's widths in order, of a transformer stage those that heads can share."""
    found = sorted(set(widths))
    if config.stages[stage].block is BlockType.CONVOLUTION:
        return found
    head_size = block_options(config, config.stages[stage]).head_size
    if fitting := [width for width in found if width % head_size == 0]:
        return fitting
    raise ValueError(
        f"no width of S{stage + 1} in the grid is a multiple of head_size {head_size}, "
        "as transformer stages need"
    )
