"""CoAtNet: the networks of arXiv 2106.04803 as a library of their own.

Describing and pricing networks needs no torch; `create`, `load`, `save` and `CoAtNet` bring it in
when first used. `coatnet.cost` is the function; its module's other names come from
``from coatnet.cost import ...``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from coatnet.config import (
    VIT_REL,
    AttentionType,
    BlockType,
    CoAtNetConfig,
    NormType,
    PoolType,
    RelativeBias,
    StageConfig,
    StemConfig,
    StemType,
    StridePlace,
)
from coatnet.cost import Cost, cost
from coatnet.family import FAMILY, PUBLISHED, PublishedSize, in_layout, named
from coatnet.matching import Matched, match
from coatnet.size_grid import SizeGrid

if TYPE_CHECKING:
    from coatnet.folding import folded
    from coatnet.model import CoAtNet, create
    from coatnet.pretrained import load, load_metadata, save

__all__ = [
    "FAMILY",
    "PUBLISHED",
    "VIT_REL",
    "AttentionType",
    "BlockType",
    "CoAtNet",
    "CoAtNetConfig",
    "Cost",
    "Matched",
    "NormType",
    "PoolType",
    "PublishedSize",
    "RelativeBias",
    "SizeGrid",
    "StageConfig",
    "StemConfig",
    "StemType",
    "StridePlace",
    "cost",
    "create",
    "folded",
    "in_layout",
    "load",
    "load_metadata",
    "match",
    "named",
    "save",
]

_LAZY = {
    "CoAtNet": "coatnet.model",
    "create": "coatnet.model",
    "folded": "coatnet.folding",
    "load": "coatnet.pretrained",
    "load_metadata": "coatnet.pretrained",
    "save": "coatnet.pretrained",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first asked for (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module 'coatnet' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
