"""Parameters and multiply-adds of the parts of a network: of its stem, of a block, of its head."""

from typing import NamedTuple

from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    RelativeBias,
    StageConfig,
    StemType,
    StridePlace,
)
from coatnet.dimensions import BlockOptions, Size, attended, block_options, squeezed_width

# Python 3.11 takes as long to look up a member of an enum as to multiply three times.
_CONVOLUTION, _DEPTHWISE = BlockType.CONVOLUTION, StridePlace.DEPTHWISE
_LINEAR, _NO_BIAS = AttentionType.LINEAR, RelativeBias.NONE


class PartCost(NamedTuple):
    """Trained parameters and multiply-adds of one part of a network."""

    parameters: int
    macs: int


def stem_cost(config: CoAtNetConfig, size: Size) -> PartCost:
    """Return the cost of the stem, which puts out a map of `size`."""
    stem, cells, width = config.stem, size[0] * size[1], config.stem.width
    kernel = input_kernel(config)
    further = stem.depth - 1
    return PartCost(
        (kernel + 1) * width + further * (9 * width + 3) * width,
        (kernel + further * 9 * width) * width * cells,
    )


def block_cost(
    config: CoAtNetConfig,
    stage: StageConfig,
    *,
    widths: tuple[int, int],
    in_size: Size,
    size: Size,
    bias_size: Size,
) -> PartCost:
    """Return the cost of one block of the stage's type and options.

    `widths` are the channels that it takes in and puts out, whatever the stage's own width.
    """
    options = block_options(config, stage)
    if stage.block is _CONVOLUTION:
        return mbconv_cost(config, options, *widths, in_size, size)
    return transformer_cost(config, options, *widths, size, bias_size)


def head_cost(config: CoAtNetConfig, width: int) -> PartCost:
    """Return the cost of the head on a map of `width` channels: norm and two dense layers."""
    products = width * (width + config.classes)
    return PartCost(products + 3 * width + config.classes, products)


def input_kernel(config: CoAtNetConfig) -> int:
    """Return how many values of the image make one of the stem's first map."""
    stem = config.stem
    return config.in_channels * (9 if stem.type is StemType.CONVOLUTION else stem.stride**2)


def mbconv_cost(
    config: CoAtNetConfig,
    options: BlockOptions,
    in_width: int,
    width: int,
    in_size: Size,
    size: Size,
) -> PartCost:
    """Return the cost of an MBConv block from `in_width` channels to `width`, of these maps."""
    hidden, squeezed = options.expansion * width, squeezed_width(options, width)
    cells = size[0] * size[1]
    expanded = cells
    if config.mbconv_stride is _DEPTHWISE:
        expanded = in_size[0] * in_size[1]
    norms = 2 * in_width + 4 * hidden
    expand, project = in_width * hidden, hidden * width
    depthwise = options.kernel * options.kernel * hidden
    parameters = norms + expand + depthwise + project + width
    macs = expand * expanded + (depthwise + project) * cells
    if in_width != width:
        parameters += (in_width + 1) * width
        macs += in_width * width * cells
    if squeezed:
        parameters += 2 * hidden * squeezed + squeezed + hidden
        macs += 2 * hidden * squeezed
    return PartCost(parameters, macs)


def transformer_cost(
    config: CoAtNetConfig,
    options: BlockOptions,
    in_width: int,
    width: int,
    size: Size,
    bias_size: Size,
) -> PartCost:
    """Return the cost of a transformer block on a map of `size`, tables stored for `bias_size`."""
    expansion, head_size = options.expansion, options.head_size
    # q, k, v; output projection; feed-forward network; each with biases, and two norms
    products = width * (3 * in_width + (1 + 2 * expansion) * width)
    parameters = products + (5 + expansion) * width + 2 * (in_width + width)
    if in_width != width:
        products += in_width * width
        parameters += (in_width + 1) * width
    table, attention = _attention(config, head_size, width, size, bias_size)
    return PartCost(parameters + table, products * size[0] * size[1] + attention)


def _attention(
    config: CoAtNetConfig, head_size: int, width: int, size: Size, bias_size: Size
) -> tuple[int, int]:
    """Return the values of the table of relative positions, and the MACs within attention."""
    if config.attention is _LINEAR:
        # keys by values, queries by that, and the normaliser
        return 0, size[0] * size[1] * width * (2 * head_size + 1)
    rows, columns = attended(config, size)
    table, attending = 0, -(-size[0] // rows) * -(-size[1] // columns) * rows * columns
    if config.relative_bias is not _NO_BIAS:
        bias_rows, bias_columns = attended(config, bias_size)
        table = width // head_size * (2 * bias_rows - 1) * (2 * bias_columns - 1)
    return table, 2 * attending * rows * columns * width
