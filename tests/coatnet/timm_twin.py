"""The same network in timm, with parameters of its own."""

from torch import nn

from coatnet.config import CoAtNetConfig
from coatnet.timm_weights import as_timm, names, timm_options
from tests.timm_import import import_timm

__all__ = ["as_timm", "names", "twin"]


def twin(config: CoAtNetConfig) -> nn.Module:
    """Return timm's network of `config`.

    Raises:
        ImportError: timm cannot be imported.
        ValueError: timm has no such network.
    """
    import_timm()
    from timm.models.maxxvit import (
        MaxxVit,
        MaxxVitCfg,
        MaxxVitConvCfg,
        MaxxVitTransformerCfg,
    )

    def build(stage: int) -> nn.Module:
        options = timm_options(config)
        network, own = options["network"], options["stages"][stage]
        cfg = MaxxVitCfg(
            **{key: tuple(value) if isinstance(value, list) else value
               for key, value in network.items()},
            conv_cfg=MaxxVitConvCfg(**own["conv_cfg"]),
            transformer_cfg=MaxxVitTransformerCfg(**own["transformer_cfg"]),
        )  # fmt: skip
        return MaxxVit(
            cfg, img_size=config.image_size, in_chans=config.in_channels, num_classes=config.classes
        )

    theirs = build(0)
    for place in range(1, len(theirs.stages)):
        theirs.stages[place] = build(place).stages[place]
    return theirs
