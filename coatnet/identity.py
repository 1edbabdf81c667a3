"""When two descriptions are one network: equal identities build equal networks."""

from collections.abc import Hashable

from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    NormType,
    RelativeBias,
    StageConfig,
    StemType,
    StridePlace,
)
from coatnet.dimensions import Size, attended, block_options, squeezed_width


def identity(config: CoAtNetConfig) -> Hashable:
    """Return what the network is, whatever the words that describe it.

    Left out is what no block of it has: the head size of convolutions, a kernel of transformers,
    where an MBConv leaves out cells that none does, a window as large as the map. A stage's own
    option and the network's are told by their effect alone.
    """
    normed = config.stem.type is StemType.CONVOLUTION or any(
        stage.block is BlockType.CONVOLUTION and config.mbconv_norm is NormType.BATCH
        for stage in config.stages
    )
    sizes, bias_sizes = config.map_sizes, config.bias_map_sizes
    return (
        config.stem,
        tuple(
            _stage(config, stage, size, bias_size)
            for stage, size, bias_size in zip(config.stages, sizes[1:], bias_sizes[1:], strict=True)
        ),
        (config.image_size, config.in_channels, config.classes, config.drop_path),
        config.batch_norm_momentum if normed else None,
    )


def _stage(
    config: CoAtNetConfig, stage: StageConfig, size: Size, bias_size: Size
) -> tuple[Hashable, ...]:
    options = block_options(config, stage)
    strided = stage.stride != 1
    shape = (
        stage.block,
        stage.depth,
        stage.width,
        stage.stride,
        options.expansion,
        (config.pool, config.pool_size) if strided else None,
    )
    if stage.block is BlockType.CONVOLUTION:
        place = config.mbconv_stride if strided else StridePlace.EXPAND
        squeezed = squeezed_width(options, stage.width)
        return (*shape, options.kernel, squeezed, config.mbconv_norm, place)
    if config.attention is AttentionType.LINEAR:
        return (*shape, options.head_size, AttentionType.LINEAR)
    tables = None
    if config.relative_bias is not RelativeBias.NONE:
        tables = attended(config, bias_size)
    return (*shape, options.head_size, attended(config, size), config.relative_bias, tables)
