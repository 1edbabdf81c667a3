"""timm, made importable beside torch's CPU wheel: for tests of parity and for benchmarks.

timm needs torchvision, whose released wheels are built for torch with CUDA: beside the CPU wheel
their compiled operators do not load, and the import ends at the first Python registration for one
of them. Nothing here calls these operators, so their schemas alone are enough.
"""

import sys
from importlib import import_module
from types import ModuleType

import torch

_SCHEMAS = ("nms", "qnms")
_kept: list[torch.library.Library] = []  # a library that is collected takes its schemas with it


def import_timm() -> ModuleType:
    """Return timm.

    Raises:
        ImportError: it, or torchvision, is not installed: ``pip install ".[test]"``.
    """
    try:
        import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        _define_schemas()
    return import_module("timm")


def _define_schemas() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for name in _SCHEMAS:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
