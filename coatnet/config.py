"""The frozen, validated description of a network of the CoAtNet family; needs no torch."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
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
            _require_count(f"stem {name}", getattr(self, name))
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
            _require_count(f"stage {name}", getattr(self, name))
        _require(self.stride in (1, 2), f"stage stride must be 1 or 2, not {self.stride}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CoAtNetConfig:
    """One network: widths in channels, `image_size` in pixels (square).

    `drop_path` is the last block's rate of stochastic depth. `batch_norm_momentum` is the weight
    of the newest batch (torch's sense); the default is the official relatives' and needs
    thousands of steps to settle, a study of a few hundred steps wants 0.1.
    """

    stem: StemConfig
    stages: tuple[StageConfig, ...]
    head_size: int = 32
    image_size: int = 224
    in_channels: int = 3
    classes: int = 1000
    drop_path: float = 0.0
    batch_norm_momentum: float = 0.01

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built, in the words of the rule it breaks."""
        _require(len(self.stages) >= 1, "a network needs at least one stage")
        for name in ("head_size", "image_size", "in_channels", "classes"):
            _require_count(name, getattr(self, name))
        _require(0.0 <= self.drop_path < 1.0, f"drop_path must be in [0, 1), not {self.drop_path}")
        _require(
            0.0 < self.batch_norm_momentum <= 1.0,
            f"batch_norm_momentum must be in (0, 1], not {self.batch_norm_momentum}",
        )
        for stage in self.stages:
            _require(
                stage.block is BlockType.CONVOLUTION or stage.width % self.head_size == 0,
                f"width {stage.width} of a transformer stage must be a multiple of head_size "
                f"{self.head_size}",
            )
        _require(
            self.stem.type is not StemType.PATCH or self.image_size % self.stem.stride == 0,
            f"image_size {self.image_size} must be a multiple of the patch {self.stem.stride}",
        )

    @property
    def layout(self) -> str:
        """The paper's name of the layout: ``C-C-T-T``, or ``ViT_REL``."""
        if self.stem.type is StemType.PATCH:
            return VIT_REL
        return "-".join(stage.block.value for stage in self.stages)

    @property
    def map_sizes(self) -> tuple[int, ...]:
        """Side, in cells, of the square map that the stem and then each stage puts out.

        A stride divides and rounds up: 28 pixels become 14, 7 and then 4.
        """
        sizes = [-(-self.image_size // self.stem.stride)]
        for stage in self.stages:
            sizes.append(-(-sizes[-1] // stage.stride))
        return tuple(sizes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `from_dict` inverts it."""
        values = asdict(self)
        values["stem"]["type"] = self.stem.type.value
        values["stages"] = [{**asdict(stage), "block": stage.block.value} for stage in self.stages]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CoAtNetConfig":
        """Build from plain values.

        Raises:
            ValueError: a key is unknown or missing, or a value breaks a rule.
        """
        _check_keys(cls, values, "architecture")
        _check_keys(StemConfig, values["stem"], "stem")
        _require(
            isinstance(values["stages"], list | tuple),
            f"stages must be a list, not {values['stages']!r}",
        )
        for stage in values["stages"]:
            _check_keys(StageConfig, stage, "stage")
        stem: dict[str, Any] = dict(values["stem"])
        if "type" in stem:
            stem["type"] = StemType(stem["type"])
        stages: list[dict[str, Any]] = [dict(stage) for stage in values["stages"]]
        for stage in stages:
            stage["block"] = BlockType(stage["block"])
        built: dict[str, Any] = dict(values)
        built["stem"] = StemConfig(**stem)
        built["stages"] = tuple(StageConfig(**stage) for stage in stages)
        return cls(**built)


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise ValueError(rule)


def _require_count(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def _check_keys(owner: type, values: object, name: str) -> None:
    _require(isinstance(values, Mapping), f"{name} must be a mapping, not {values!r}")
    assert isinstance(values, Mapping)
    known = {field.name: field.default is MISSING for field in fields(owner)}
    unknown = [key for key in values if key not in known]
    missing = [key for key, needed in known.items() if needed and key not in values]
    _require(not unknown, f"{name} has unknown keys {unknown}; known are {list(known)}")
    _require(not missing, f"{name} misses the keys {missing}")
