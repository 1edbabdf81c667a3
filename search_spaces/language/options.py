"""What a space may say of all its networks alike: the options of CoAtNet that the paper weighs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from search_spaces.language.errors import SpaceError
from search_spaces.language.values import WIDTH, Bounds, number, whole, word

WINDOW = Bounds(least=1, most=4_096)
POOL_SIZE = Bounds(least=2, most=3)
# `coatnet.config` has the same words and defaults; a space knows no networks, so a test compares.
WORDS: Mapping[str, tuple[str, ...]] = {
    "attention": ("global", "window", "linear"),
    "relative_bias": ("pre", "post", "none"),
    "mbconv_stride": ("expand", "depthwise", "pool"),
    "mbconv_norm": ("batch", "layer"),
    "pool": ("max", "average"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkOptions:
    """The choices that hold for all blocks of all networks of a space."""

    attention: str = "global"  # what a cell attends to: all cells, its window's, or linear
    window: int = 7  # cells on a side of a window, for window attention
    relative_bias: str = "pre"  # before the softmax, after it, or none (paper, Eq. 2 and 3)
    head_size: int = 32  # channels of an attention head (paper, Section 3)
    mbconv_stride: str = "expand"  # where an MBConv of stride 2 leaves out cells (Eq. 5, Table 9)
    mbconv_norm: str = "batch"  # Table 8
    squeeze_ratio: float = 0.25  # squeeze-and-excitation's bottleneck over the width; 0: none
    pool: str = "max"
    pool_size: int = 2  # 2x2 or 3x3
    batch_norm_momentum: float = 0.01  # as in the authors' TensorFlow code; short runs need 0.1


KEYS = tuple(field.name for field in fields(NetworkOptions))


def network_options(keys: Mapping[str, Any]) -> NetworkOptions:
    """Return the options among the keys of a space.

    Raises:
        SpaceError: a value breaks its rule, or two do not go together.
    """
    given = {key: _option(key, keys[key]) for key in KEYS if key in keys}
    options = NetworkOptions(**given)
    if options.attention == "linear" and options.relative_bias != "none":
        raise SpaceError(
            ("relative_bias",) if "relative_bias" in keys else ("attention",),
            "linear attention forms no pairs of cells to have a bias: it needs "
            "'relative_bias: none'",
        )
    return options


def _option(key: str, value: Any) -> Any:
    path = (key,)
    if key in WORDS:
        return word(value, path, known=WORDS[key])
    if key == "squeeze_ratio":
        ratio = number(value, path)
        if not 0.0 <= ratio <= 4.0:
            raise SpaceError(path, f"must be from 0 to 4, not {ratio}")
        return ratio
    if key == "batch_norm_momentum":
        momentum = number(value, path)
        if not 0.0 < momentum <= 1.0:
            raise SpaceError(path, f"must be more than 0 and at most 1, not {momentum}")
        return momentum
    return whole(value, path, bounds={"window": WINDOW, "pool_size": POOL_SIZE}.get(key, WIDTH))
