"""The networks of timm, as the installed version has them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nas.errors import SpecError
from nas.networks.baseline import BaselineFamily
from nas.networks.libraries import import_library
from nas.study.records import BaselineConfig
from search_spaces.language.errors import did_you_mean, shown

if TYPE_CHECKING:
    from torch import nn

_IF_TAKEN = ("img_size", "drop_path_rate")  # not every network of timm has them


class TimmFamily(BaselineFamily):
    """Whatever `timm.create_model` creates, without its trained weights."""

    name = "timm"

    def create(
        self, name: str, options: dict[str, Any], *, config: BaselineConfig, drop_path: float
    ) -> "nn.Module":
        """Return the network; image size and drop path are left out where it takes none."""
        timm = import_library("timm")
        if not timm.is_model(name):
            hint = did_you_mean(name, timm.list_models())
            near = hint if hint.endswith("?") else "; timm.list_models() lists them"
            raise SpecError(f"timm has no network {shown(name)}{near}", key="network")
        architecture, _, tag = name.partition(".")
        if tag:
            raise SpecError(
                f"'.{tag}' names trained weights, and every trial starts from random ones: "
                f"timm/{architecture}",
                key="network",
            )
        wanted: dict[str, Any] = {"img_size": config.image_size}
        if drop_path:
            wanted["drop_path_rate"] = drop_path

        def attempt() -> "nn.Module":
            return timm.create_model(
                name,
                pretrained=False,
                num_classes=config.classes,
                in_chans=config.in_channels,
                **options,
                **wanted,
            )

        return _without_what_is_not_taken(attempt, wanted)

    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Throw timm's own switch, where the network has it."""
        switch = getattr(model, "set_grad_checkpointing", None)
        if enabled and callable(switch):
            switch(True)


def _without_what_is_not_taken(
    attempt: Callable[[], "nn.Module"], wanted: dict[str, Any]
) -> "nn.Module":
    """Create a network, leaving out what it says it has no argument for."""
    for _ in _IF_TAKEN:
        try:
            return attempt()
        except TypeError as error:
            unknown = [option for option in wanted if f"argument '{option}'" in str(error)]
            if not unknown:
                raise
            del wanted[unknown[0]]
    return attempt()
