"""The parts of a network, image to head, with their numbers and their pictures."""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from coatnet.config import EXPANSION, KERNEL, BlockType, CoAtNetConfig, StemType, sides
from coatnet.cost import PartCost, part_costs
from coatnet.dimensions import BlockOptions, Size, block_options
from coatnet.drawing.canvas import Canvas

GLYPH = 86.0  # pixels: the widest picture, and the height of the image's
SMALLEST = 9.0  # height of a map of one cell
BLOCK_NAMES = {BlockType.CONVOLUTION: "MBConv", BlockType.TRANSFORMER: "Transformer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The image, the stem, a stage or the head; None where a number has no meaning."""

    name: str
    color: str  # a colour class; "C" and "T" are block types
    kind: str | None = None
    size: Size  # of the map it puts out, in cells
    depth: int | None = None
    channels: int
    stride: int | None = None
    heads: int | None = None
    options: BlockOptions | None = None
    unusual: str = ""  # of its options those that are neither the paper's nor all stages'
    cost: PartCost | None = None


def image_part(config: CoAtNetConfig) -> Part:
    """Return the image."""
    size = sides(config.image_size)
    return Part(name="Image", color="plain", size=size, channels=config.in_channels)


def network_parts(config: CoAtNetConfig) -> tuple[Part, ...]:
    """Return stem, stages and head; their costs add up to `coatnet.cost`."""
    sizes, stem, costs = config.map_sizes, config.stem, part_costs(config)
    stem_part = Part(
        name="S0",
        color="plain",
        kind="Patches" if stem.type is StemType.PATCH else "Conv stem",
        size=sizes[0],
        depth=stem.depth,
        channels=stem.width,
        stride=stem.stride,
        cost=costs[0],
    )
    stages = [
        Part(
            name=name,
            color=stage.block.value,
            kind=BLOCK_NAMES[stage.block],
            size=size,
            depth=stage.depth,
            channels=stage.width,
            stride=stage.stride,
            heads=stage.width // inside.head_size if stage.block is BlockType.TRANSFORMER else None,
            options=inside,
            unusual=_unusual(config, stage.block, inside),
            cost=price,
        )
        for stage, inside, name, size, price in zip(
            config.stages,
            [block_options(config, stage) for stage in config.stages],
            stage_names(config),
            sizes[1:],
            costs[1:-1],
            strict=True,
        )
    ]
    head = Part(
        name="Head",
        color="plain",
        kind="Mean, dense",
        size=(1, 1),
        channels=config.classes,
        cost=costs[-1],
    )
    return (stem_part, *stages, head)


def _unusual(config: CoAtNetConfig, block: BlockType, inside: BlockOptions) -> str:
    convolution = block is BlockType.CONVOLUTION
    words = (
        (convolution and inside.kernel != KERNEL, f"{inside.kernel}×{inside.kernel}"),
        (inside.expansion != EXPANSION, f"× {inside.expansion}"),
        (inside.squeeze_ratio != config.squeeze_ratio, f"SE {inside.squeeze_ratio:g}"),
        (inside.head_size != config.head_size, f"heads of {inside.head_size}"),
    )
    return ", ".join(word for there, word in words if there)


def stage_names(config: CoAtNetConfig) -> tuple[str, ...]:
    """Return S1, S2, ...; both halves of a mixed stage (Section A.2) have the same name."""
    names: list[str] = []
    number = 0
    for i, stage in enumerate(config.stages):
        mixed = i > 0 and stage.stride == 1 and stage.block is not config.stages[i - 1].block
        number += not mixed
        names.append(f"S{number}")
    return tuple(names)


def amount(number: float) -> str:
    """Return a count in short, to four digits: ``25.04 M``."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            whole = len(str(int(number / unit)))
            return f"{number / unit:,.{max(0, 4 - whole)}f} {name}"
    return f"{number:.0f}"


def draw_pictures(
    canvas: Canvas, parts: tuple[Part, ...], centers: list[float], middle: float, largest: int
) -> None:
    """Draw each part's picture around its place, and an arrow from each to the next.

    `largest` is the side of the largest image in the drawing: maps are drawn to its scale.
    """
    ends: list[tuple[float, float]] = []
    for part, center in zip(parts, centers, strict=True):
        if part.cost is None:
            ends.append(_landscape(canvas, part, center, middle))
        else:
            ends.append(_bars(canvas, part, center, middle, largest))
    for (_, left), (right, _) in pairwise(ends):
        canvas.line((left + 5, middle), (right - 5, middle), arrow=True)


def _landscape(canvas: Canvas, part: Part, center: float, middle: float) -> tuple[float, float]:
    """Draw a sun over hills, in the image's proportions; return its left and right edge."""
    height, width = (max(GLYPH * side / max(part.size), 24.0) for side in part.size)
    x, y = center - width / 2, middle - height / 2
    canvas.rect(x, y, width, height, color="panel", edge="plain", radius=3)
    canvas.circle(x + 0.72 * width, y + 0.28 * height, 0.1 * min(width, height), color="plain")
    foot = y + 0.88 * height
    canvas.polygon(
        (x + 0.08 * width, foot),
        (x + 0.36 * width, y + 0.4 * height),
        (x + 0.55 * width, y + 0.68 * height),
        (x + 0.66 * width, y + 0.54 * height),
        (x + 0.92 * width, foot),
        color="plain",
    )
    return x, x + width


def _bars(
    canvas: Canvas, part: Part, center: float, middle: float, largest: int
) -> tuple[float, float]:
    """Draw a bar a block, as high as the map's side hints at; return left and right edge."""
    # The root of the side: with the side itself the last maps would be lines.
    side = sqrt(sqrt(part.size[0] * part.size[1]) / largest)
    height = max(GLYPH * side, SMALLEST)
    depth = part.depth or 1
    gap = 3.0 if depth < 8 else 1.0
    bar = min(12.0, (GLYPH - gap * (depth - 1)) / depth)
    if bar < 1.0:  # too many to be told apart
        gap, bar = 0.0, GLYPH / depth
    left = center - (depth * (bar + gap) - gap) / 2
    radius = min(bar, height) / 2 if part.color == "T" else 0.0
    for i in range(depth):
        x = left + i * (bar + gap)
        canvas.rect(x, middle - height / 2, bar, height, color=part.color, radius=radius)
    return left, left + depth * (bar + gap) - gap
