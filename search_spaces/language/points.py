"""A point of a space: one network and its recipe, before anyone asked what it costs."""

from dataclasses import dataclass
from itertools import pairwise

from search_spaces.language.constraints import StageType
from search_spaces.language.domains import Value
from search_spaces.language.options import NetworkOptions

LAYOUT = "layout"  # the variable that every assignment holds
IMAGE_SIZE = "image_size"  # that of a space which says of what size images are


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvolutionStem:
    """S0: 3x3 convolutions, the first one strided."""

    width: int
    depth: int = 2
    stride: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchStem:
    """ViT_REL's stem: the image in patches of `size` pixels, as wide as the stage after it."""

    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage of a point; what is None is as the options of the network say."""

    type: StageType
    depth: int
    width: int
    stride: int
    kernel: int | None = None
    expansion: int | None = None
    squeeze_ratio: float | None = None
    head_size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One network of the space; points are equal where networks, images and recipes are."""

    layout: str  # the name in the file, which may differ from the stages' types
    stem: ConvolutionStem | PatchStem
    stages: tuple[Stage, ...]
    options: NetworkOptions
    image_size: int | None = None  # pixels a side; None: as the study's images are
    recipe: tuple[tuple[str, Value], ...] = ()  # what differs from the study's, by its key

    @property
    def total_depth(self) -> int:
        """Blocks of all stages."""
        return sum(stage.depth for stage in self.stages)

    @property
    def widths_shrink(self) -> bool:
        """Whether a stage is narrower than the one before it, or than the stem."""
        widths = [stage.width for stage in self.stages]
        if isinstance(self.stem, ConvolutionStem):
            widths.insert(0, self.stem.width)
        return any(after < before for before, after in pairwise(widths))

    def __str__(self) -> str:
        """Return one line for messages."""
        types = "-".join(stage.type for stage in self.stages)
        kind = "" if self.layout == types else f" ({types})"
        patch = f" patch {self.stem.size}" if isinstance(self.stem, PatchStem) else ""
        depths = "-".join(str(stage.depth) for stage in self.stages)
        widths = "-".join(str(stage.width) for stage in self.stages)
        pixels = "" if self.image_size is None else f" at {self.image_size} px"
        return f"{self.layout}{kind}{patch} depths {depths} widths {widths}{pixels}"
