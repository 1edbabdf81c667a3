"""timm for tests of parity and for benchmarks, imported as the product does."""

from types import ModuleType

from nas.networks.libraries import import_library


def import_timm() -> ModuleType:
    """Return timm.

    Raises:
        SpecError: it, or torchvision, is not installed: ``pip install ".[test]"``.
    """
    return import_library("timm")
