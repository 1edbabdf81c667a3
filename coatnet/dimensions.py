"""Dimensions that the networks and their prices must agree on."""

from typing import TypeAlias

from coatnet.config import AttentionType, CoAtNetConfig

Size: TypeAlias = tuple[int, int]  # height and width of a map, in cells

EXPANSION = 4  # "always", MBConv and feed-forward network (paper, caption of Table 3)


def squeezed_width(config: CoAtNetConfig, width: int) -> int:
    """Return the bottleneck of squeeze-and-excitation in a block that puts out `width` channels.

    Counted from the block's width as in the official relatives, not from the expanded one: only
    so do the published sizes come out. 0: the block has none.
    """
    return max(1, int(config.squeeze_ratio * width)) if config.squeeze_ratio else 0


def attended(config: CoAtNetConfig, size: Size) -> Size:
    """Return the part of a map of `size` that its cells attend to; never more than the map."""
    if config.attention is not AttentionType.WINDOW:
        return size
    return min(config.window, size[0]), min(config.window, size[1])
