"""A network's weights in timm's `MaxxVit`, with the lines that load them there."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coatnet.config import CoAtNetConfig
from nas.errors import SpecError
from nas.export import timm_model
from nas.networks.libraries import import_library

if TYPE_CHECKING:
    from torch import nn

    from coatnet import CoAtNet

LOADER = "timm_model.py"
TOLERANCE = 1e-4  # of logits


def save_timm(model: "CoAtNet", config: CoAtNetConfig, folder: Path) -> None:
    """Write weights, options and lines, once timm's network has been seen to give the same logits.

    Raises:
        SpecError: timm is not installed, or has no such network.
    """
    import torch
    from safetensors.torch import save_file  # noqa: PLC0415

    from coatnet.timm_weights import as_timm, timm_options  # noqa: PLC0415

    import_library("timm")
    try:
        options: dict[str, Any] = timm_options(config)
    except ValueError as error:
        raise _cannot(error) from error
    options["model"] = {
        "img_size": config.image_size,
        "in_chans": config.in_channels,
        "num_classes": config.classes,
    }
    # A copy of each: safetensors takes neither shared memory nor strides.
    values = {
        name: value.detach().clone().contiguous()
        for name, value in as_timm(model, model.state_dict()).items()
    }
    theirs = _quietly(lambda: timm_model.build(options))
    try:
        theirs.load_state_dict(values)
    except RuntimeError as error:
        raise _cannot(" ".join(str(error).split())[:200]) from error
    size = config.image_size
    sides = (size, size) if isinstance(size, int) else size
    images = torch.randn(2, config.in_channels, *sides, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        apart = float((theirs.eval()(images) - model.eval()(images)).abs().max())
    if not apart <= TOLERANCE:
        raise _cannot(f"its logits differ by {apart:.2g}")
    save_file(values, folder / timm_model.WEIGHTS)
    text = json.dumps(options, indent=2) + "\n"
    (folder / timm_model.OPTIONS).write_text(text, encoding="utf-8")
    lines = Path(timm_model.__file__).read_text(encoding="utf-8")
    (folder / LOADER).write_text(lines, encoding="utf-8")


def load_timm(folder: Path) -> "nn.Module":
    """Return timm's network with the weights of a folder, in evaluation mode.

    Raises:
        SpecError: timm is not installed, or the files are of another network.
    """
    import_library("timm")
    try:
        return _quietly(lambda: timm_model.load(folder))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise SpecError(f"{folder / timm_model.WEIGHTS}: not read: {error}") from error


def _quietly(make: "Callable[[], nn.Module]") -> "nn.Module":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of timm about its own code
        try:
            return make()
        except (TypeError, ValueError, AssertionError, ZeroDivisionError) as error:
            raise _cannot(" ".join(str(error).split())[:200]) from error


def _cannot(why: object) -> SpecError:
    return SpecError(f"timm's MaxxVit cannot express this layout: {why}", key="--format timm")
