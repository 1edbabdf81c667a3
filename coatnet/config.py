"""The frozen, validated description of a network of the CoAtNet family; needs no torch."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

VIT_REL = "ViT_REL"
LAYOUT_PATTERN = re.compile(r"[CT](-[CT])*")


class BlockType(StrEnum):
    """What a stage is made of (paper, Section 2.2)."""

    CONVOLUTION = "C"  # MBConv with squeeze-and-excitation
    TRANSFORMER = "T"  # relative self-attention and a feed-forward network


class StemType(StrEnum):
    """How images become the first feature map."""

    CONVOLUTION = "convolution"  # S0: 3x3 convolutions, the first one strided
    PATCH = "patch"  # ViT_REL: one convolution whose kernel equals its stride


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise ValueError(rule)


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
            _require(
                getattr(self, name) >= 1,
                f"stem {name} must be at least 1, not {getattr(self, name)}",
            )
        _require(
            self.type is not StemType.PATCH or self.depth == 1,
            f"a patch stem has depth 1, not {self.depth}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StageConfig:
    """A run of equal blocks; the first one may change stride and width."""

    block: BlockType
    depth: int
    width: int
    stride: int = 2

    def __post_init__(self) -> None:
        """Refuse a stage that cannot be built."""
        for name in ("depth", "width"):
            _require(
                getattr(self, name) >= 1,
                f"stage {name} must be at least 1, not {getattr(self, name)}",
            )
        _require(self.stride in (1, 2), f"stage stride must be 1 or 2, not {self.stride}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CoAtNetConfig:
    """One network. Widths are channels, `image_size` pixels (square), `drop_path` the last block's rate."""

    stem: StemConfig
    stages: tuple[StageConfig, ...]
    head_size: int = 32
    image_size: int = 224
    in_channels: int = 3
    classes: int = 1000
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built, in the words of the rule it breaks."""
        _require(len(self.stages) >= 1, "a network needs at least one stage")
        for name in ("head_size", "image_size", "in_channels", "classes"):
            _require(
                getattr(self, name) >= 1, f"{name} must be at least 1, not {getattr(self, name)}"
            )
        _require(0.0 <= self.drop_path < 1.0, f"drop_path must be in [0, 1), not {self.drop_path}")
        for stage in self.stages:
            _require(
                stage.block is BlockType.CONVOLUTION or stage.width % self.head_size == 0,
                f"width {stage.width} of a transformer stage must be a multiple of head_size {self.head_size}",
            )
        if self.stem.type is StemType.PATCH:
            _require(
                self.image_size % self.stem.stride == 0,
                f"image_size {self.image_size} must be a multiple of the patch {self.stem.stride}",
            )

    @property
    def layout(self) -> str:
        """The paper's name of the layout: ``C-C-T-T``, or ``ViT_REL``."""
        if self.stem.type is StemType.PATCH:
            return VIT_REL
        return "-".join(stage.block.value for stage in self.stages)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `from_dict` inverts it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CoAtNetConfig":
        """Build from plain values.

        Raises:
            ValueError: a value breaks a rule.
            TypeError: a key is unknown or missing.
        """
        fields = dict(values)
        stem = dict(fields.pop("stem"))
        stem["type"] = StemType(stem.get("type", StemType.CONVOLUTION))
        stages = tuple(
            StageConfig(**{**stage, "block": BlockType(stage["block"])})
            for stage in fields.pop("stages")
        )
        return cls(stem=StemConfig(**stem), stages=stages, **fields)
