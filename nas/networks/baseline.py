"""What families of baselines share: built from a `BaselineConfig`, weights drawn at random.

Nothing is ever downloaded or read: names are looked up in the library that is installed, and the
options that would bring weights along are refused.
"""

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nas.errors import SpecError
from nas.networks.family import Description, Size
from nas.networks.measuring import measure, refused
from nas.study.records import BaselineConfig, DataShape
from search_spaces.language.errors import shown

if TYPE_CHECKING:
    from torch import nn

OF_THE_STUDY = {  # options that are not a spec's to give -> where the study says it
    "num_classes": "data", "num_labels": "data", "in_chans": "data", "num_channels": "data",
    "img_size": "data.image_size", "drop_path_rate": "training.drop_path",
}  # fmt: skip
WEIGHTS = frozenset({
    "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict",
    "checkpoint_path", "cache_dir",
})  # fmt: skip


class BaselineFamily(ABC):
    """The networks of one library or paper; a new one says its `name` and what is abstract here."""

    name: str  # of its library or paper, and how its networks' names begin: timm/NAME
    searched = False
    priced_at_once = False

    @abstractmethod
    def create(
        self, name: str, options: dict[str, Any], *, config: BaselineConfig, drop_path: float
    ) -> "nn.Module":
        """Return network `name` of the library: images (b, c, h, w) in, logits (b, classes) out.

        Weights come from torch's global random stream, on torch's default device. What a network's
        own code raises may pass: `construct` makes one line of it.

        Raises:
            SpecError: no such network or library, or it refuses its options.
        """

    @abstractmethod
    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Keep only what goes into each block, where the library has a switch for it."""

    def construct(self, config: BaselineConfig, *, drop_path: float | None = None) -> "nn.Module":
        """Return the network, its weights from torch's global stream, on torch's default device.

        Whether the network can take images of that size shows only when it is given some.

        Args:
            config: which network.
            drop_path: stochastic depth, in place of the config's; left out where a network has
                none.

        Raises:
            SpecError: no such network or library, or it refuses its options; `key` is one of
                BaselineSpec's.
        """
        name = config.network.removeprefix(f"{self.name}/")
        if not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
            raise SpecError(
                f"must name a network that {self.name} itself describes, not "
                f"{shown(config.network)}: nothing is downloaded, every trial starts from random "
                "weights",
                key="network",
            )
        options = json.loads(config.options)
        refuse_options(options)
        rate = config.drop_path if drop_path is None else drop_path
        try:
            with warnings.catch_warnings(action="ignore"):  # of libraries about themselves
                return self.create(name, options, config=config, drop_path=rate)
        except SpecError:
            raise
        except Exception as error:  # whatever a network's own code raises at what it was given
            raise refused(config, error) from error

    def build(
        self, config: BaselineConfig, *, seed: int, drop_path: float | None = None
    ) -> "nn.Module":
        """Return the network on the CPU, its weights drawn from `seed` alone; see `construct`."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.construct(config, drop_path=drop_path)

    def undecayed(self, model: "nn.Module") -> frozenset[str]:
        """Return biases, norms' scales, and what the network itself names in `no_weight_decay`.

        Those are class tokens and embeddings of positions, as in timm's own recipes.
        """
        own = getattr(model, "no_weight_decay", frozenset)()
        return frozenset(
            name
            for name, parameter in model.named_parameters()
            if parameter.ndim <= 1 or name.endswith(".bias") or name in own
        )

    def cost(self, config: BaselineConfig) -> Size:
        """Return what building the network once, without weights, shows: seconds."""
        measured = measure(config, self.construct)
        return Size(parameters=measured.parameters, macs=measured.macs)

    def identity(self, config: BaselineConfig) -> Hashable:
        """Return the description: what else would build the same network is the library's."""
        return config

    def drops_paths(self, config: BaselineConfig) -> bool:
        """Tell whether the network as it is built has stochastic depth."""
        return measure(config, self.construct).drops_paths

    def retargeted(
        self, config: BaselineConfig, shape: DataShape, *, drop_path: float = 0.0
    ) -> BaselineConfig:
        """Return the network for the other images; whether it takes any is not asked here."""
        return replace(
            config, image_size=shape.image_size, classes=shape.classes, drop_path=drop_path
        )

    def check_weights_fit(self, config: BaselineConfig, tuned: BaselineConfig) -> None:
        """Compare the shapes of both: what would have to be resized is the library's to know.

        Raises:
            ValueError: they differ in more than the classifier, or `tuned` takes no such images.
        """
        before, after = (measure(each, self.construct).shapes for each in (config, tuned))
        for name, shape in before.items():
            now = after.get(name)
            if now == shape:
                continue
            if now and shape and now[0] == tuned.classes != shape[0] and now[1:] == shape[1:]:
                continue  # of the classifier, which is drawn anew
            raise ValueError(
                f"its weights are made for images of {config.image_size} px: {name} has shape "
                f"{shape}, for images of {tuned.image_size} px {now}"
            )

    def describe(self, config: BaselineConfig) -> Description:
        """Return the network's name and options."""
        return Description(
            types=config.network, details={"network": config.network, "options": config.options}
        )


def refuse_options(options: Mapping[str, Any]) -> None:
    """Refuse what the study decides for all of its networks.

    Raises:
        SpecError: such an option is given.
    """
    for option in options:
        if option in WEIGHTS:
            raise SpecError(
                "is refused: every trial starts from random weights", key=f"options.{option}"
            )
        if option in OF_THE_STUDY:
            raise SpecError(
                f"is decided for all networks by {OF_THE_STUDY[option]}: remove it",
                key=f"options.{option}",
            )
