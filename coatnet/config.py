"""The frozen, validated description of a network of the CoAtNet family; needs no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from coatnet.options import (
    AttentionType,
    BlockType,
    NormType,
    PoolType,
    RelativeBias,
    StemType,
    StridePlace,
)
from coatnet.part_configs import BLOCK_RULES, StageConfig, StemConfig
from coatnet.rules import chosen, require, require_count, require_keys

VIT_REL = "ViT_REL"
KERNEL, EXPANSION = 3, 4  # "always" (paper, caption of Table 3)
ImageSize: TypeAlias = int | tuple[int, int]  # a square's side, or height and width; pixels
Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True, slots=True)
class CoAtNetConfig:
    """One network; every field beside stem and stages is a choice for all of its blocks.

    `image_size` is the side of square images in pixels, or (height, width) of others. Networks of
    a mixed stage (Section A.2) have it as two stages, of which the second has stride 1.

    `bias_image_size` is the image size for whose maps the tables of relative positions are
    stored, `image_size` by default; where the two differ, the tables are resized bilinearly as
    they are used (Section 3), so a network fine-tuned at 384 pixels keeps the parameters it had
    at 224.

    `window` is the side of the windows of window attention, in cells. `kernel` is the side of the
    depthwise convolution: 3, 5 or 7. `expansion`, 1 to 8, is the hidden width of MBConv and of the
    feed-forward network over the block's width. `squeeze_ratio` is the width of the bottleneck of
    squeeze-and-excitation over the block's width; 0 leaves it out. A stage may have its own of
    these three and of `head_size`; `coatnet.dimensions.block_options` says what holds in it.
    `drop_path` is the last block's rate of stochastic depth. `batch_norm_momentum` is the weight
    of the newest batch (torch's sense); the default is the official relatives' and needs
    thousands of steps to settle, a study of a few hundred steps wants 0.1.
    """

    stem: StemConfig
    stages: tuple[StageConfig, ...]
    attention: AttentionType = AttentionType.GLOBAL
    window: int = 7
    relative_bias: RelativeBias = RelativeBias.PRE
    bias_image_size: ImageSize | None = None
    head_size: int = 32
    mbconv_stride: StridePlace = StridePlace.EXPAND
    mbconv_norm: NormType = NormType.BATCH
    kernel: int = KERNEL
    expansion: int = EXPANSION
    squeeze_ratio: float = 0.25
    pool: PoolType = PoolType.MAX
    pool_size: int = 2
    image_size: ImageSize = 224
    in_channels: int = 3
    classes: int = 1000
    drop_path: float = 0.0
    batch_norm_momentum: float = 0.01

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built, in the words of the rule it breaks."""
        require(len(self.stages) >= 1, "a network needs at least one stage")
        for name in ("window", "in_channels", "classes"):
            require_count(name, getattr(self, name))
        for name, check in BLOCK_RULES.items():
            check(name, getattr(self, name))
        for name in NETWORK_OPTIONS:
            value = getattr(self, name)
            if not isinstance(value, _OPTIONS[name]):
                raise ValueError(f"{name} must be a {_OPTIONS[name].__name__}, not {value!r}")
        require(0.0 <= self.drop_path < 1.0, f"drop_path must be in [0, 1), not {self.drop_path}")
        require(
            0.0 < self.batch_norm_momentum <= 1.0,
            f"batch_norm_momentum must be in (0, 1], not {self.batch_norm_momentum}",
        )
        require(self.pool_size in (2, 3), f"pool_size must be 2 or 3, not {self.pool_size}")
        require(
            self.attention is not AttentionType.LINEAR or self.relative_bias is RelativeBias.NONE,
            "linear attention forms no pair of cells that a bias could belong to: "
            "relative_bias must be 'none'",
        )
        for stage in self.stages:
            heads = stage.head_size or self.head_size
            if stage.block is not BlockType.CONVOLUTION and stage.width % heads:
                raise ValueError(
                    f"width {stage.width} of a transformer stage must be a multiple of head_size "
                    f"{heads}"
                )
        self._check_image_size("image_size", self.image_size)
        if self.bias_image_size is not None:
            self._check_image_size("bias_image_size", self.bias_image_size)

    def _check_image_size(self, name: str, size: ImageSize) -> None:
        if isinstance(size, tuple):
            require(
                len(size) == 2 and size[0] != size[1],
                f"{name} must be one number, or two for images that are not square, not {size}",
            )
        for side in sides(size):
            require_count(name, side)
            require(
                self.stem.type is not StemType.PATCH or side % self.stem.stride == 0,
                f"{name} {side} must be a multiple of the patch {self.stem.stride}",
            )

    @property
    def layout(self) -> str:
        """The paper's name of the layout: ``C-C-T-T``, or ``ViT_REL``."""
        if self.stem.type is StemType.PATCH:
            return VIT_REL
        return "-".join(stage.block.value for stage in self.stages)

    @property
    def map_sizes(self) -> tuple[tuple[int, int], ...]:
        """Height and width, in cells, of the map that the stem and then each stage puts out.

        A stride divides and rounds up: 28 pixels become 14, 7 and then 4.
        """
        return self._map_sizes(self.image_size)

    @property
    def bias_map_sizes(self) -> tuple[tuple[int, int], ...]:
        """`map_sizes` at `bias_image_size`: what the stored tables are for."""
        return self._map_sizes(self.bias_image_size or self.image_size)

    def _map_sizes(self, image_size: ImageSize) -> tuple[tuple[int, int], ...]:
        height, width = sides(image_size)
        found: list[tuple[int, int]] = []
        for stride in (self.stem.stride, *(stage.stride for stage in self.stages)):
            height, width = -(-height // stride), -(-width // stride)
            found.append((height, width))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `from_dict` inverts it.

        Options that came after the first networks were saved are there only where they are used,
        so that what was written, and what is computed from it, stays what it was.
        """
        return _without_unused(_plain(asdict(self)))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Have pydantic, which writes configs into journals, leave out what `to_dict` does."""

        def written(config: "CoAtNetConfig", plain: Any) -> dict[str, Any]:
            return _without_unused(plain(config))

        return {**handler(source), "serialization": {"type": "function-wrap", "function": written}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CoAtNetConfig":
        """Build from plain values.

        Raises:
            ValueError: a key is unknown or missing, or a value breaks a rule.
        """
        require_keys(cls, values, "architecture")
        require(
            isinstance(values["stages"], list | tuple),
            f"stages must be a list, not {values['stages']!r}",
        )
        built: dict[str, Any] = dict(values)
        built["stem"] = _part(StemConfig, values["stem"], "stem")
        built["stages"] = tuple(_part(StageConfig, stage, "stage") for stage in values["stages"])
        for name, options in _OPTIONS.items():
            if name in built:
                built[name] = chosen(options, name, built[name])
        for name in ("image_size", "bias_image_size"):
            if isinstance(built.get(name), list):
                built[name] = tuple(built[name])
        return cls(**built)


_OPTIONS: Mapping[str, type[StrEnum]] = {
    "block": BlockType,
    "type": StemType,
    "attention": AttentionType,
    "relative_bias": RelativeBias,
    "mbconv_stride": StridePlace,
    "mbconv_norm": NormType,
    "pool": PoolType,
}
_LATER = {"kernel": KERNEL, "expansion": EXPANSION}  # networks have not always had these options
NETWORK_OPTIONS = ("attention", "relative_bias", "mbconv_stride", "mbconv_norm", "pool")


def changed(config: CoAtNetConfig, **changes: Any) -> CoAtNetConfig:
    """Return `config` with those fields changed that are not None; options may be plain words.

    Raises:
        ValueError: a field is unknown, or a value breaks a rule.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    require_keys(CoAtNetConfig, {"stem": None, "stages": None, **given}, "architecture")
    for name in NETWORK_OPTIONS:
        if name in given:
            given[name] = chosen(_OPTIONS[name], name, given[name])
    for name in ("image_size", "bias_image_size"):
        if name in given:
            given[name] = _square(given[name])
    return replace(config, **given)


def sides(size: ImageSize) -> tuple[int, int]:
    """Return height and width."""
    return size if isinstance(size, tuple) else (size, size)


def _square(size: Any) -> Any:
    """Return one number for equal sides."""
    if isinstance(size, list | tuple):
        return size[0] if len(size) == 2 and size[0] == size[1] else tuple(size)
    return size


def _part(owner: type[Part], values: object, name: str) -> Part:
    require_keys(owner, values, name)
    assert isinstance(values, Mapping)
    built: dict[str, Any] = {
        key: chosen(_OPTIONS[key], key, value) if key in _OPTIONS else value
        for key, value in values.items()
    }
    return owner(**built)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.value if isinstance(value, StrEnum) else value


def _without_unused(values: dict[str, Any]) -> dict[str, Any]:
    stages = [
        {key: value for key, value in stage.items() if value is not None}
        for stage in values["stages"]
    ]
    kept = {
        key: value for key, value in values.items() if key not in _LATER or value != _LATER[key]
    }
    return {**kept, "stages": stages}
