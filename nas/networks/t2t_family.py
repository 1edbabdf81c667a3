"""T2T-ViT as a family: a rival of the paper that neither timm nor transformers has."""

from typing import TYPE_CHECKING, Any

from nas.networks.baseline import BaselineFamily
from nas.networks.t2t_design import designed
from nas.study.records import BaselineConfig

if TYPE_CHECKING:
    from torch import nn


class T2TFamily(BaselineFamily):
    """T2T-ViT in the sizes of its paper, or of other sizes by its options; needs torch alone."""

    name = "t2t"

    def create(
        self, name: str, options: dict[str, Any], *, config: BaselineConfig, drop_path: float
    ) -> "nn.Module":
        """Build the network; `drop_path` is the rate of the backbone's last layer."""
        design = designed(name, options)
        from nas.networks.t2t_vit import T2TViT  # noqa: PLC0415 - imports torch

        return T2TViT(
            design,
            image_size=config.image_size,
            in_channels=config.in_channels,
            classes=config.classes,
            drop_path=drop_path,
        )

    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Keep only what goes into each layer, of the tokens' module and of the backbone."""
        from nas.networks.t2t_vit import T2TViT  # noqa: PLC0415 - imports torch

        assert isinstance(model, T2TViT)
        model.checkpointing = enabled
