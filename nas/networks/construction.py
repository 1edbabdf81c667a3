"""From a `BaselineConfig` to the network: built from its description, weights drawn at random.

Nothing is ever downloaded or read: names are looked up in the library that is installed, and the
options that would bring weights along are refused.
"""

import json
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nas.errors import SpecError
from nas.networks.libraries import import_library
from nas.study.records import BaselineConfig
from search_spaces.language.errors import did_you_mean, one_line, shown

if TYPE_CHECKING:
    from torch import nn

CVT: Mapping[str, Mapping[str, tuple[int, ...]]] = {  # CvT (Wu et al., 2021), Table 2
    "cvt-13": {"depth": (1, 2, 10), "embed_dim": (64, 192, 384), "num_heads": (1, 3, 6)},
    "cvt-21": {"depth": (1, 4, 16), "embed_dim": (64, 192, 384), "num_heads": (1, 3, 6)},
    "cvt-w24": {"depth": (2, 2, 20), "embed_dim": (192, 768, 1024), "num_heads": (3, 12, 16)},
}
OF_THE_STUDY = {  # options that are not a spec's to give -> where the study says it
    "num_classes": "data", "num_labels": "data", "in_chans": "data", "num_channels": "data",
    "img_size": "data.image_size", "drop_path_rate": "training.drop_path",
}  # fmt: skip
WEIGHTS = frozenset({
    "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict",
    "checkpoint_path", "cache_dir",
})  # fmt: skip
_IF_TAKEN = ("img_size", "drop_path_rate")  # not every network of timm has them


def construct(config: BaselineConfig, *, drop_path: float | None = None) -> "nn.Module":
    """Return the network; images (b, c, h, w) go in, logits (b, classes) come out.

    Weights are drawn from torch's global random stream, on torch's default device. Whether the
    network can take images of that size shows only when it is given some.

    Args:
        config: which network.
        drop_path: stochastic depth, in place of the config's; left out where a network has none.

    Raises:
        SpecError: no such network or library, or it refuses its options; `key` is one of
            BaselineSpec's.
    """
    library, name = split_name(config.network)
    options = json.loads(config.options)
    refuse_options(options)
    rate = config.drop_path if drop_path is None else drop_path
    try:
        with warnings.catch_warnings(action="ignore"):  # of libraries about themselves
            if library == "timm":
                return _timm(name, options, config=config, drop_path=rate)
            return _cvt(name, options, config=config)
    except SpecError:
        raise
    except Exception as error:  # whatever a network's own code raises at what it was given
        raise refused(config, error) from error


def split_name(network: str) -> tuple[str, str]:
    """Return ``("timm", NAME)`` or ``("transformers", NAME)``.

    Raises:
        SpecError: the name is of neither library, or of something to download.
    """
    library, _, name = network.partition("/")
    if library not in ("timm", "transformers") or not name:
        raise SpecError(
            f"must be timm/NAME or transformers/NAME, not {shown(network)}", key="network"
        )
    if not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
        raise SpecError(
            f"must name a network that {library} itself describes, not {shown(network)}: nothing "
            "is downloaded, every trial starts from random weights",
            key="network",
        )
    return library, name


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


def refused(config: BaselineConfig, error: Exception) -> SpecError:
    """Return what a network's own code raised as one line for the user."""
    said = one_line((str(error).strip().splitlines() or [""])[0], limit=200)
    reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    given = "" if config.options == "{}" else f" with options {shown_options(config)}"
    size, channels = config.image_size, config.in_channels
    return SpecError(
        f"{config.network}{given} cannot be used on images of {size}x{size} pixels and {channels} "
        f"channel{'s' if channels > 1 else ''}: {reason}",
        key="network" if config.options == "{}" else "options",
    )


def shown_options(config: BaselineConfig) -> str:
    """Return the options as they are written in a spec."""
    return one_line(config.options.replace('"', ""), limit=120)


def _timm(
    name: str, options: dict[str, Any], *, config: BaselineConfig, drop_path: float
) -> "nn.Module":
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

    def create() -> "nn.Module":
        return timm.create_model(
            name,
            pretrained=False,
            num_classes=config.classes,
            in_chans=config.in_channels,
            **options,
            **wanted,
        )

    return _without_what_is_not_taken(create, wanted)


def _without_what_is_not_taken(
    create: Callable[[], "nn.Module"], wanted: dict[str, Any]
) -> "nn.Module":
    """Create a network, leaving out what it says it has no argument for."""
    for _ in _IF_TAKEN:
        try:
            return create()
        except TypeError as error:
            unknown = [option for option in wanted if f"argument '{option}'" in str(error)]
            if not unknown:
                raise
            del wanted[unknown[0]]
    return create()


def _cvt(name: str, options: dict[str, Any], *, config: BaselineConfig) -> "nn.Module":
    """Build a CvT without drop path: that of transformers drops the residual stream along."""
    if name not in CVT:
        known = ", ".join(f"transformers/{known}" for known in CVT)
        raise SpecError(f"must be one of {known}, not 'transformers/{name}'", key="network")
    transformers = import_library("transformers")
    known = vars(transformers.CvtConfig())
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
