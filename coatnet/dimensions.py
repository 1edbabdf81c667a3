"""Dimensions that the networks and their prices must agree on."""

from typing import NamedTuple, TypeAlias

from coatnet.config import AttentionType, CoAtNetConfig, StageConfig

Size: TypeAlias = tuple[int, int]  # height and width of a map, in cells

_WINDOW = AttentionType.WINDOW  # Python 3.11 takes long to look up a member of an enum


class BlockOptions(NamedTuple):  # a tuple: each price has several
    """What holds in the blocks of one stage."""

    kernel: int  # side of MBConv's depthwise convolution, in cells
    expansion: int  # hidden width over block width, of MBConv and of the feed-forward network
    squeeze_ratio: float  # bottleneck of squeeze-and-excitation over block width; 0: it has none
    head_size: int  # channels of one head of attention


def block_options(config: CoAtNetConfig, stage: StageConfig) -> BlockOptions:
    """Return the stage's own options, and the network's where the stage has none."""
    ratio = stage.squeeze_ratio
    return BlockOptions(
        stage.kernel or config.kernel,
        stage.expansion or config.expansion,
        config.squeeze_ratio if ratio is None else ratio,
        stage.head_size or config.head_size,
    )


def squeezed_width(options: BlockOptions, width: int) -> int:
    """Return the bottleneck of squeeze-and-excitation in a block that puts out `width` channels.

    Counted from the block's width as in the official relatives, not from the expanded one: only
    so do the published sizes come out. 0: the block has none.
    """
    return max(1, int(options.squeeze_ratio * width)) if options.squeeze_ratio else 0


def pads_beforehand(options: BlockOptions, size: Size) -> bool:
    """Say whether a depthwise convolution has the padding of a map of `size` written out for it.

    On CPUs the backward of a map smaller than a kernel of 3x3 takes up to 10 times as long as that
    of the same map with its padding written out: a sixth of a tiny C-C-C-C's training. Of 5x5 and
    7x7 it is the padded one that takes longer, 1.3 to 3.9 times, on maps of every size.
    """
    return options.kernel == 3 and min(size) < 3


def attended(config: CoAtNetConfig, size: Size) -> Size:
    """Return the part of a map of `size` that its cells attend to; never more than the map."""
    if config.attention is not _WINDOW:
        return size
    return min(config.window, size[0]), min(config.window, size[1])
