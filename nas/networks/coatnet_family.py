"""Our own networks as a family: the points of a search space."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

import coatnet
from coatnet.config import BlockType, CoAtNetConfig, changed
from coatnet.dimensions import block_options
from coatnet.identity import identity
from nas.networks.family import Description, Size, dashed
from nas.study.records import DataShape

if TYPE_CHECKING:
    from torch import nn


class CoAtNetFamily:
    """CoAtNet, of package `coatnet`, which imports torch when a network is first built."""

    name = "coatnet"
    searched = True
    priced_at_once = True

    def build(
        self, config: CoAtNetConfig, *, seed: int, drop_path: float | None = None
    ) -> "nn.Module":
        """Return a `coatnet.CoAtNet`."""
        return coatnet.create(config, drop_path=drop_path, seed=seed)

    def undecayed(self, model: "nn.Module") -> frozenset[str]:
        """Return the names of the parameters that MaxViT's authors leave alone."""
        return _own(model).no_weight_decay()

    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Keep only what goes into each block, or everything again."""
        _own(model).checkpoint_activations(enabled)

    def cost(self, config: CoAtNetConfig) -> Size:
        """Return what `coatnet.cost` counts."""
        counted = coatnet.cost(config)
        return Size(parameters=counted.parameters, macs=counted.macs)

    def identity(self, config: CoAtNetConfig) -> Hashable:
        """Return what `coatnet.identity` does."""
        return identity(config)

    def drops_paths(self, config: CoAtNetConfig) -> bool:
        """Tell whether the config has a rate: every block has stochastic depth."""
        return config.drop_path > 0

    def retargeted(
        self, config: CoAtNetConfig, shape: DataShape, *, drop_path: float = 0.0
    ) -> CoAtNetConfig:
        """Return the network for the other images; its tables keep their size and are resized.

        Raises:
            ValueError: it cannot be built for images of that size.
        """
        return changed(
            config,
            image_size=shape.image_size,
            bias_image_size=config.bias_image_size or config.image_size,
            classes=shape.classes,
            drop_path=drop_path,
        )

    def check_weights_fit(self, config: CoAtNetConfig, tuned: CoAtNetConfig) -> None:
        """Accept: tables of relative positions are resized as they are used."""

    def describe(self, config: CoAtNetConfig) -> Description:
        """Return its stages, stem and head size; MLflow's strides begin with the stem's."""
        stem, stages = config.stem, config.stages
        strides = tuple(stage.stride for stage in stages)
        return Description(
            types=config.layout,
            depths=tuple(stage.depth for stage in stages),
            widths=tuple(stage.width for stage in stages),
            strides=strides,
            details={
                "stem": f"{stem.type.value} {stem.depth}x{stem.width}",
                "strides": dashed((stem.stride, *strides)),
                "head_size": _head_sizes(config),
            },
        )


def _head_sizes(config: CoAtNetConfig) -> str:
    """Return the sizes of the stages that attend where they differ: ``16-32``; else the one."""
    attending = [stage for stage in config.stages if stage.block is BlockType.TRANSFORMER]
    sizes = [block_options(config, stage).head_size for stage in attending]
    return dashed(tuple(sizes)) if len(set(sizes)) > 1 else str((sizes or [config.head_size])[0])


def _own(model: "nn.Module") -> "coatnet.CoAtNet":
    return cast("coatnet.CoAtNet", model)  # what `build` returned
