"""The parts of networks whose times add up to a network's, each under a name of its own.

Equal names are equal modules on equal maps: what tells two parts apart is what their forward pass
depends on, and no more.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    RelativeBias,
    StageConfig,
    StemConfig,
    StemType,
    StridePlace,
    sides,
)
from coatnet.dimensions import Size, attended, block_options, squeezed_width
from nas.errors import SpecError
from search_spaces.language.block_times import BlockTimes


class Kind(Enum):
    """What a part is."""

    STEM = "stem"
    BLOCK = "block"
    HEAD = "head"


class Part(NamedTuple):
    """A stem, a block or a head, and the map that it takes."""

    kind: Kind
    name: str
    config: CoAtNetConfig  # whose options it has, not its sizes
    stage: StageConfig | None  # of a block: its type and options, not its sizes
    in_width: int  # channels
    width: int
    stride: int
    in_size: Size

    @property
    def alone(self) -> CoAtNetConfig:
        """A network that has this block, or this head, as its only one; not of a stem."""
        rows, columns = self.in_size
        stage = self.stage or StageConfig(
            block=BlockType.CONVOLUTION, depth=1, width=self.width, stride=1
        )
        return replace(
            self.config,
            stem=StemConfig(width=self.in_width, depth=1, stride=1),
            stages=(replace(stage, depth=1, width=self.width, stride=self.stride),),
            image_size=rows if rows == columns else (rows, columns),
            bias_image_size=None,
            drop_path=0.0,
        )


PartTime = Callable[[Part], int]  # nanoseconds of a forward pass of one image


def looked_up(times: BlockTimes | None) -> PartTime:
    """Return what finds parts in a table.

    What it returns raises SpecError of a part that the table does not have.
    """

    def time(part: Part) -> int:
        found = None if times is None else times.nanoseconds.get(part.name)
        if found is None:
            raise SpecError(
                f"has no time of '{part.name}': it was measured for another space, other images or "
                "other classes; `nas space latency SPEC --to FILE` measures anew",
                key="space.latency",
            )
        return found

    return time


def network_time(config: CoAtNetConfig, time: PartTime) -> int:
    """Return the sum over the network's parts, nanoseconds.

    Raises:
        SpecError: `time` does not know one of them.
    """
    return sum(times * time(part) for times, part in _parts(config))


def stem_part(config: CoAtNetConfig) -> Part:
    """Return the config's stem, which takes its images."""
    stem, size = config.stem, sides(config.image_size)
    kind = "patch" if stem.type is StemType.PATCH else f"stem {stem.depth} deep"
    shape = _shape(config.in_channels, stem.width, size, stem.stride)
    return Part(
        Kind.STEM,
        f"{kind} {shape}",
        config,
        None,
        config.in_channels,
        stem.width,
        stem.stride,
        size,
    )


def head_part(config: CoAtNetConfig, width: int, size: Size) -> Part:
    """Return the head on a map of this size."""
    shape = _shape(width, config.classes, size, 1)
    return Part(Kind.HEAD, f"head {shape}", config, None, width, width, 1, size)


def block_part(
    config: CoAtNetConfig,
    stage: StageConfig,
    *,
    widths: tuple[int, int],
    in_size: Size,
    size: Size,
    stride: int,
) -> Part:
    """Return a block of the stage's type and options, from a map to a map of these widths."""
    convolves = stage.block is BlockType.CONVOLUTION
    words = _convolution(config, stage, widths[1], stride) if convolves else None
    words = words or _transformer(config, stage, size)
    pooled = f" {config.pool.value}{config.pool_size}" if stride != 1 else ""
    shape = _shape(*widths, in_size, stride)
    name = f"{stage.block.value} {shape} {words}{pooled}"
    return Part(Kind.BLOCK, name, config, stage, *widths, stride, in_size)


def _shape(in_width: int, width: int, size: Size, stride: int) -> str:
    return f"{in_width}>{width} {size[0]}x{size[1]}/{stride}"


def _convolution(config: CoAtNetConfig, stage: StageConfig, width: int, stride: int) -> str:
    options = block_options(config, stage)
    strided = config.mbconv_stride if stride != 1 else StridePlace.EXPAND
    return (
        f"k{options.kernel} e{options.expansion} s{squeezed_width(options, width)} "
        f"{config.mbconv_norm.value} {strided.value}"
    )


def _transformer(config: CoAtNetConfig, stage: StageConfig, size: Size) -> str:
    options = block_options(config, stage)
    words = f"h{options.head_size} e{options.expansion}"
    if config.attention is AttentionType.LINEAR:
        return f"{words} linear"
    part = attended(config, size)
    where = "global" if part == size else f"window {part[0]}x{part[1]}"
    bias = "" if config.relative_bias is RelativeBias.NONE else f" {config.relative_bias.value}"
    return f"{words} {where}{bias}"


def _parts(config: CoAtNetConfig) -> Iterator[tuple[int, Part]]:
    """Yield the parts, each with how often it is there."""
    yield 1, stem_part(config)
    sizes, width = config.map_sizes, config.stem.width
    for stage, in_size, size in zip(config.stages, sizes[:-1], sizes[1:], strict=True):
        first = (width, stage.width)
        yield (
            1,
            block_part(
                config, stage, widths=first, in_size=in_size, size=size, stride=stage.stride
            ),
        )
        width = stage.width
        if stage.depth > 1:
            yield (
                stage.depth - 1,
                block_part(config, stage, widths=(width, width), in_size=size, size=size, stride=1),
            )
    yield 1, head_part(config, width, sizes[-1])
