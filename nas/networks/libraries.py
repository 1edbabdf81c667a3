"""timm and transformers: imported only where a spec names baselines, refused in one line."""

import sys
from importlib import import_module
from types import ModuleType

from nas.errors import SpecError

INSTALL = 'pip install "coatnet-nas[baselines]"'
_OPERATORS = ("nms", "qnms")  # torchvision registers Python code for these as it is imported
_kept: list[object] = []  # a torch library that is collected takes its schemas with it


def import_library(name: str) -> ModuleType:
    """Import `name`, timm or transformers; seconds, the first time.

    Raises:
        SpecError: it, or what it needs, is not installed or does not import.
    """
    try:
        _import_torchvision()
        return import_module(name)
    except ImportError as error:
        missing = error.name or name
        raise SpecError(f"needs {missing.partition('.')[0]}: {INSTALL}", key="network") from error
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise SpecError(f"{name} cannot be imported: {reason}", key="network") from error


def _import_torchvision() -> None:
    """Import torchvision, which timm needs, also where its compiled operators do not load.

    Its released wheels are built for torch with CUDA. Beside torch's CPU wheel their operators are
    missing, and the import ends at the first Python registration for one of them. No network
    calls them, so their schemas alone, defined here, are enough. Where torchvision and torch fit
    together nothing is done.
    """
    try:
        import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        _define_operators()
        import_module("torchvision")


def _define_operators() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in _OPERATORS:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
