"""What a network costs, computed from its description alone: exact, in microseconds, no torch.

Convention: a MAC is one multiply-add of a convolution or a matrix product, the two products of
attention included; norms, activations, pooling, softmax, biases and additions count nothing. This
is half of what `torch.utils.flop_counter` counts. The paper's "#FLOPs" are multiply-adds and come
out 1 to 3.5 % higher, which some operations per attention logit would explain.
"""

from dataclasses import dataclass

from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    ImageSize,
    RelativeBias,
    StemConfig,
    StemType,
    StridePlace,
    changed,
)

Size = tuple[int, int]  # height and width of a map, in cells

EXPANSION = 4  # "always", MBConv and feed-forward network (paper, caption of Table 3)


@dataclass(frozen=True, slots=True)
class Cost:
    """Trained parameters, and multiply-adds of one forward pass of one image."""

    parameters: int
    macs: int

    def __add__(self, other: "Cost") -> "Cost":
        """Return the cost of both parts."""
        return Cost(self.parameters + other.parameters, self.macs + other.macs)

    def __mul__(self, times: int) -> "Cost":
        """Return the cost of `times` equal parts."""
        return Cost(self.parameters * times, self.macs * times)


def cost(config: CoAtNetConfig, image_size: ImageSize | None = None) -> Cost:
    """Return the cost of `config`, built for images of `image_size` pixels instead if given.

    Another image size changes the parameters too: the relative-position tables grow with the map.
    Equal to the instantiated model's count, and to counted FLOPs / 2 (module docstring). With the
    family of Table 3 this gives the paper's sizes (25, 42, 75, 168, 275 M at 224 pixels).

    Raises:
        ValueError: the network cannot be built for `image_size`.
    """
    if image_size is not None:
        config = changed(config, image_size=image_size)
    sizes, bias_sizes = config.map_sizes, config.bias_map_sizes
    total = stem_cost(config, sizes[0])
    width = config.stem.width
    for stage, in_size, size, bias_size in zip(
        config.stages, sizes, sizes[1:], bias_sizes[1:], strict=False
    ):
        first, other = (
            block_cost(
                config,
                stage.block,
                widths=(before, stage.width),
                in_size=in_size,
                size=size,
                bias_size=bias_size,
            )
            for before, in_size in ((width, in_size), (stage.width, size))
        )
        width = stage.width
        total = total + first + other * (stage.depth - 1)
    return total + head_cost(config, width)


def stem_cost(config: CoAtNetConfig, size: Size) -> Cost:
    """Return the cost of the stem, which puts out a map of `size`."""
    return _stem(config.stem, config.in_channels, _cells(size))


def block_cost(
    config: CoAtNetConfig,
    block: BlockType,
    *,
    widths: tuple[int, int],
    in_size: Size,
    size: Size,
    bias_size: Size,
) -> Cost:
    """Return the cost of one block; `widths` are the channels it takes in and puts out."""
    if block is BlockType.CONVOLUTION:
        return _mbconv(config, *widths, in_size, size)
    return _transformer(config, *widths, size, bias_size)


def head_cost(config: CoAtNetConfig, width: int) -> Cost:
    """Return the cost of the head on a map of `width` channels."""
    return _dense(width, width, 1) + _dense(width, config.classes, 1) + Cost(2 * width, 0)


def squeezed_width(config: CoAtNetConfig, width: int) -> int:
    """Return the bottleneck of squeeze-and-excitation in a block that puts out `width` channels.

    Counted from the block's width as in the official relatives, not from the expanded one: only
    so do the published sizes come out. 0: the block has none.
    """
    return max(1, int(config.squeeze_ratio * width)) if config.squeeze_ratio else 0


def _dense(in_width: int, width: int, positions: int) -> Cost:
    """A linear map with bias, applied at `positions` places; also a 1x1 convolution."""
    return Cost(in_width * width + width, in_width * width * positions)


def _stem(stem: StemConfig, in_channels: int, cells: int) -> Cost:
    if stem.type is StemType.PATCH:
        return _dense(stem.stride**2 * in_channels, stem.width, cells)
    first = _dense(9 * in_channels, stem.width, cells)
    batch_norm = Cost(2 * stem.width, 0)
    return first + (batch_norm + _dense(9 * stem.width, stem.width, cells)) * (stem.depth - 1)


def _mbconv(config: CoAtNetConfig, in_width: int, width: int, in_size: Size, size: Size) -> Cost:
    hidden, squeezed, cells = EXPANSION * width, squeezed_width(config, width), _cells(size)
    expanded = cells if config.mbconv_stride is not StridePlace.DEPTHWISE else _cells(in_size)
    norms = Cost(2 * in_width + 4 * hidden, 0)
    expand = Cost(in_width * hidden, in_width * hidden * expanded)
    depthwise = Cost(9 * hidden, 9 * hidden * cells)
    project = _dense(hidden, width, cells)
    total = norms + expand + depthwise + project + _shortcut(in_width, width, cells)
    if squeezed:
        total = total + _dense(hidden, squeezed, 1) + _dense(squeezed, hidden, 1)
    return total


def _transformer(
    config: CoAtNetConfig, in_width: int, width: int, size: Size, bias_size: Size
) -> Cost:
    cells = _cells(size)
    norms = Cost(2 * in_width + 2 * width, 0)
    projections = _dense(in_width, 3 * width, cells) + _dense(width, width, cells)
    hidden = EXPANSION * width
    feed_forward = _dense(width, hidden, cells) + _dense(hidden, width, cells)
    attention = _attention(config, width, size, bias_size)
    return norms + projections + attention + feed_forward + _shortcut(in_width, width, cells)


def _attention(config: CoAtNetConfig, width: int, size: Size, bias_size: Size) -> Cost:
    """The products within attention, and the table of relative positions."""
    if config.attention is AttentionType.LINEAR:
        # keys by values, queries by that, and the normaliser
        return Cost(0, _cells(size) * width * (2 * config.head_size + 1))
    rows, columns = attended(config, size)
    attending = -(-size[0] // rows) * -(-size[1] // columns) * rows * columns
    parameters = 0
    if config.relative_bias is not RelativeBias.NONE:
        bias_rows, bias_columns = attended(config, bias_size)
        offsets = (2 * bias_rows - 1) * (2 * bias_columns - 1)
        parameters = width // config.head_size * offsets
    return Cost(parameters, 2 * attending * rows * columns * width)


def attended(config: CoAtNetConfig, size: Size) -> Size:
    """Return the part of a map of `size` that its cells attend to; never more than the map."""
    if config.attention is not AttentionType.WINDOW:
        return size
    return min(config.window, size[0]), min(config.window, size[1])


def _cells(size: Size) -> int:
    return size[0] * size[1]


def _shortcut(in_width: int, width: int, cells: int) -> Cost:
    return _dense(in_width, width, cells) if in_width != width else Cost(0, 0)
