"""The networks of transformers: CvT, from its own description of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nas.errors import SpecError
from nas.networks.baseline import BaselineFamily
from nas.networks.libraries import import_library
from nas.study.records import BaselineConfig
from search_spaces.language.errors import did_you_mean

if TYPE_CHECKING:
    from torch import nn

CVT: Mapping[str, Mapping[str, tuple[int, ...]]] = {  # CvT (Wu et al., 2021), Table 2
    "cvt-13": {"depth": (1, 2, 10), "embed_dim": (64, 192, 384), "num_heads": (1, 3, 6)},
    "cvt-21": {"depth": (1, 4, 16), "embed_dim": (64, 192, 384), "num_heads": (1, 3, 6)},
    "cvt-w24": {"depth": (2, 2, 20), "embed_dim": (192, 768, 1024), "num_heads": (3, 12, 16)},
}


class TransformersFamily(BaselineFamily):
    """CvT in the sizes of its paper, or of other sizes by its options."""

    name = "transformers"

    def create(
        self, name: str, options: dict[str, Any], *, config: BaselineConfig, drop_path: float
    ) -> "nn.Module":
        """Build a CvT without drop path: that of transformers drops the residual stream along."""
        if name not in CVT:
            known = ", ".join(f"transformers/{known}" for known in CVT)
            raise SpecError(f"must be one of {known}, not 'transformers/{name}'", key="network")
        transformers = import_library("transformers")
        _check_options(options, known=vars(transformers.CvtConfig()))
        settings = transformers.CvtConfig(
            **{
                **CVT[name],
                **options,
                "drop_path_rate": (0.0, 0.0, 0.0),
                "num_labels": config.classes,
                "num_channels": config.in_channels,
            }
        )
        from nas.networks.cvt import LogitsOnly  # noqa: PLC0415 - imports torch

        return LogitsOnly(transformers.CvtForImageClassification(settings))

    def checkpoint_activations(self, model: "nn.Module", *, enabled: bool) -> None:
        """Do nothing: CvT has no such switch."""


def _check_options(options: Mapping[str, Any], *, known: Mapping[str, Any]) -> None:
    for option in options:
        if option not in known or option.startswith("_"):
            near = did_you_mean(option, known)
            hint = near if near.endswith("?") else ""
            raise SpecError(f"CvtConfig has no such option{hint}", key=f"options.{option}")
    depths = options.get("depth")
    if isinstance(depths, list) and any(d < at for at, d in enumerate(depths, start=1)):
        raise SpecError(  # transformers takes the rate of block 1, 2, 3 for stage 1, 2, 3
            f"must be at least [1, 2, 3], not {depths}: transformers builds none shallower",
            key="options.depth",
        )
