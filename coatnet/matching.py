"""Networks of a wanted size: the depths and widths that meet parameters and MACs most closely.

How the closest of 10^8 networks is found in milliseconds: `coatnet.half_networks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from coatnet.config import (
    VIT_REL,
    BlockType,
    CoAtNetConfig,
    StageConfig,
    StemConfig,
    StemType,
    changed,
)
from coatnet.cost import Cost, cost
from coatnet.family import named, patched_stage
from coatnet.half_networks import HalfNetworks
from coatnet.size_grid import SizeGrid, default_grid


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """The network found, its cost, and how far it stayed off: relative, above 0 if too large.

    What nobody asked for is off by None.
    """

    config: CoAtNetConfig
    cost: Cost
    parameters_off: float | None
    macs_off: float | None

    @property
    def off(self) -> float:
        """The larger of the relative differences, without sign."""
        return max(abs(off) for off in (self.parameters_off, self.macs_off) if off is not None)


def match(
    layout: str,
    *,
    parameters: int | None = None,
    macs: int | None = None,
    base: str | CoAtNetConfig = "coatnet-0",
    grid: SizeGrid | None = None,
    **changes: Any,
) -> Matched:
    """Return the network of `layout` whose parameters and MACs are closest to those asked for.

    ``match("C-T-T-T", parameters=25_000_000, macs=4_200_000_000)``. Closest is the smallest larger
    one of the two relative differences; of equals, the smallest sum of both; of equals, the
    smallest stem, then the smallest depth and width of S1, then of S2, and so on. It is the
    closest of all networks of the grid, not a guess, and the same on every machine.

    Args:
        layout: any order of C and T, or ``ViT_REL``.
        parameters: trained parameters wanted.
        macs: multiply-adds of one forward pass of one image wanted, as `cost` counts them.
        base: where everything but depths and widths is from, the image size too; a network of
            another number of stages halves the map in each, and none has options of its own.
        grid: the sizes to choose from; by default those of `default_grid`.
        changes: fields of `CoAtNetConfig` that differ from `base`.

    Raises:
        ValueError: no target, an unknown layout or field, or a grid without a network or with too
            many.
    """
    config = _unsized(layout, named(base) if isinstance(base, str) else base, changes)
    if grid is None:
        grid = default_grid(config, parameters=parameters, macs=macs)
    return closest(config, grid, parameters=parameters, macs=macs)


def closest(
    config: CoAtNetConfig,
    grid: SizeGrid,
    *,
    parameters: int | None = None,
    macs: int | None = None,
) -> Matched:
    """Return `config` with the depths and widths of the grid that are closest (see `match`).

    Raises:
        ValueError: no target, or a grid without a network or with too many.
    """
    for name, target in (("parameters", parameters), ("macs", macs)):
        if target is not None and (not isinstance(target, int) or target < 1):
            raise ValueError(f"{name} must be a whole number of at least 1, not {target!r}")
    if parameters is None and macs is None:
        raise ValueError("needs parameters or macs to match")
    halves = HalfNetworks(config, grid, parameters=parameters, macs=macs)
    found = halves.closest()
    price = cost(found)
    return Matched(
        config=found,
        cost=price,
        parameters_off=None if parameters is None else price.parameters / parameters - 1,
        macs_off=None if macs is None else price.macs / macs - 1,
    )


def _unsized(layout: str, base: CoAtNetConfig, changes: Mapping[str, Any]) -> CoAtNetConfig:
    """Return a network of the layout whose depths and widths mean nothing yet."""
    if "stages" in changes:
        raise ValueError("stages are what match finds: give 'grid' their depths and widths")
    heads = changes.get("head_size")
    width = heads if isinstance(heads, int) and heads > 0 else base.head_size
    plain = StageConfig(block=BlockType.CONVOLUTION, depth=1, width=width)
    if layout == VIT_REL:
        patch = base.stem.stride
        if base.stem.type is not StemType.PATCH:
            patch = prod((patch, *(stage.stride for stage in base.stages[:-1])))
        stem = StemConfig(type=StemType.PATCH, width=width, depth=1, stride=patch)
        blocks, likes = [BlockType.TRANSFORMER], [replace(patched_stage(base), stride=1)]
    else:
        letters = layout.split("-")
        if not set(letters) <= set(BlockType):
            raise ValueError(
                f"layout must be {VIT_REL} or letters C or T joined by '-', such as C-C-T-T, "
                f"not {layout!r}"
            )
        stem = base.stem
        if stem.type is StemType.PATCH:
            raise ValueError(f"layout {layout} needs a base with a stem of convolutions")
        blocks = [BlockType(letter) for letter in letters]
        likes = base.stages if len(blocks) == len(base.stages) else [plain] * len(blocks)
    stages = tuple(
        replace(stage, depth=1, width=stage.head_size or width)
        for stage in (like.made_of(block) for like, block in zip(likes, blocks, strict=True))
    )
    return changed(base, **{"stem": stem, "stages": stages, **changes})
