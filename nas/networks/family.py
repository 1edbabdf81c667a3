"""What the program asks of a kind of network, whichever it is: one protocol for ours and others."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from nas.study.records import DataShape, NetworkConfig

if TYPE_CHECKING:
    from torch import nn

C = TypeVar("C", bound=NetworkConfig)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What a network costs, of whatever family."""

    parameters: int  # trained ones
    macs: int  # multiply-adds of one forward pass of one image


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """A network as listings and MLflow show it; a family without stages leaves them out."""

    types: str  # of the stages, or the network's own name
    depths: tuple[int, ...] = ()  # blocks of each stage
    widths: tuple[int, ...] = ()  # channels of each stage
    strides: tuple[int, ...] = ()  # of each stage, without the stem's
    details: Mapping[str, str] = field(default_factory=dict)  # what else tells it from others

    @property
    def depth_words(self) -> str:
        """The depths as ``2-3-5-2``."""
        return dashed(self.depths)

    @property
    def width_words(self) -> str:
        """The widths as ``64-96-192``."""
        return dashed(self.widths)

    @property
    def params(self) -> dict[str, str]:
        """What MLflow keeps of it: depths and widths, where there are stages, and the details."""
        stages = {"depths": self.depth_words, "widths": self.width_words} if self.depths else {}
        return {**stages, **self.details}


class Family(Protocol[C]):
    """A kind of network; its methods take the configs for which `registry.family_of` gives it.

    Nothing here needs torch before it is called; `build` imports it, as does `cost` of a family
    that is not `priced_at_once`.
    """

    @property
    def name(self) -> str:
        """Name of the family: our package, or the library that its networks come from."""
        ...

    @property
    def searched(self) -> bool:
        """Whether its networks are points of a search space; others are baselines."""
        ...

    @property
    def priced_at_once(self) -> bool:
        """Whether `cost` counts the description, in microseconds; else the network is built."""
        ...

    def build(self, config: C, *, seed: int, drop_path: float | None = None) -> "nn.Module":
        """Return the network on the CPU, its weights drawn from `seed` alone.

        `forward` takes normalized images (b, c, h, w) and returns logits (b, k).

        Args:
            config: the network.
            seed: of the weights; torch's global random stream stays as it was.
            drop_path: stochastic depth, in place of the config's; left out where it has none.

        Raises:
            SpecError: the library is missing here, or is another version that has no such network.
        """
        ...

    def undecayed(self, model: "nn.Module") -> frozenset[str]:
        """Return the names of the parameters that weight decay leaves alone."""
        ...

    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Keep only what goes into each block, where the network knows how to."""
        ...

    def cost(self, config: C) -> Size:
        """Return parameters and multiply-adds, exactly.

        Raises:
            SpecError: it cannot be built, or cannot be trained on such images; `key` is one of
                BaselineSpec's.
        """
        ...

    def identity(self, config: C) -> Hashable:
        """Return what the network is, whatever words describe it: equal ones are built alike."""
        ...

    def drops_paths(self, config: C) -> bool:
        """Tell whether training drops paths; some networks cannot, whatever the config asks.

        Raises:
            SpecError: as of `cost`.
        """
        ...

    def retargeted(self, config: C, shape: DataShape, *, drop_path: float = 0.0) -> C:
        """Return the config of the same network for images of another shape, to be fine-tuned.

        Raises:
            ValueError: it cannot be built for images of that size.
        """
        ...

    def check_weights_fit(self, config: C, tuned: C) -> None:
        """Check that trained weights of `config` fit `tuned`, all but the classifier's.

        Raises:
            ValueError: they do not, or the network takes no such images.
        """
        ...

    def describe(self, config: C) -> Description:
        """Return what listings and MLflow show of the network; nothing is built."""
        ...


def dashed(numbers: tuple[int, ...]) -> str:
    """Return ``2-3-5`` of (2, 3, 5)."""
    return "-".join(map(str, numbers))
