"""The frozen, validated descriptions of a network's stem and of its stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from coatnet.options import BlockType, StemType
from coatnet.rules import (
    require,
    require_count,
    require_expansion,
    require_kernel,
    require_squeeze_ratio,
)

# What networks say of all their blocks, and stages of their own: the rule of each.
BLOCK_RULES: Mapping[str, Callable[[str, Any], None]] = {
    "kernel": require_kernel,
    "expansion": require_expansion,
    "squeeze_ratio": require_squeeze_ratio,
    "head_size": require_count,
}
_LACKING: Mapping[BlockType, tuple[str, ...]] = {
    BlockType.CONVOLUTION: ("head_size",),
    BlockType.TRANSFORMER: ("kernel", "squeeze_ratio"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StemConfig:
    """The stem. For a patch stem `stride` is the patch size and `depth` is 1."""

    type: StemType = StemType.CONVOLUTION
    width: int
    depth: int = 2
    stride: int = 2

    def __post_init__(self) -> None:
        """Refuse a stem that cannot be built."""
        for name in ("width", "depth", "stride"):
            require_count(f"stem {name}", getattr(self, name))
        require(
            self.type is not StemType.PATCH or self.depth == 1,
            f"a patch stem has depth 1, not {self.depth}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StageConfig:
    """A run of equal blocks; the first one may change stride and width.

    What follows the stride is None for the network's own value (`CoAtNetConfig`): `kernel` and
    `squeeze_ratio` of convolutions, `head_size` of transformers, `expansion` of both.
    """

    block: BlockType
    depth: int
    width: int
    stride: int = 2
    kernel: int | None = None
    expansion: int | None = None
    squeeze_ratio: float | None = None
    head_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse a stage that cannot be built."""
        for name in ("depth", "width"):
            require_count(f"stage {name}", getattr(self, name))
        require(self.stride in (1, 2), f"stage stride must be 1 or 2, not {self.stride}")
        for name in _LACKING.get(self.block, ()):
            if getattr(self, name) is not None:  # words are made when needed: there are thousands
                raise ValueError(
                    f"a stage of {self.block.value} blocks has no {name}: leave it out"
                )
        for name, check in BLOCK_RULES.items():
            value = getattr(self, name)
            if value is not None:
                check(f"stage {name}", value)

    def made_of(self, block: BlockType) -> "StageConfig":
        """Return the stage with other blocks, without those of its options that these lack."""
        return replace(self, block=block, **dict.fromkeys(_LACKING[block]))
