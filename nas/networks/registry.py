"""Every family that a study can train, and which one a network is of.

A new family is a file beside these with its class, and its registration here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from coatnet.config import CoAtNetConfig
from nas.errors import SpecError
from nas.networks.coatnet_family import CoAtNetFamily
from nas.networks.family import C, Family
from nas.networks.t2t_family import T2TFamily
from nas.networks.timm_family import TimmFamily
from nas.networks.transformers_family import TransformersFamily
from nas.study.records import BaselineConfig
from search_spaces.language.errors import shown

COATNET: Family[CoAtNetConfig] = CoAtNetFamily()
LIBRARIES: Mapping[str, Family[BaselineConfig]] = {
    family.name: family for family in (TimmFamily(), TransformersFamily(), T2TFamily())
}


def family_of(config: C) -> Family[C]:
    """Return the family of a network, which takes configs of this type.

    Raises:
        SpecError: the network's name begins with that of no library known here.
    """
    return _OF_TYPE[type(config)](config)


def _of_library(config: BaselineConfig) -> Family[BaselineConfig]:
    library, _, name = config.network.partition("/")
    if library not in LIBRARIES or not name:
        *others, last = (f"{library}/NAME" for library in LIBRARIES)
        known = f"{', '.join(others)} or {last}"
        raise SpecError(f"must be {known}, not {shown(config.network)}", key="network")
    return LIBRARIES[library]


_OF_TYPE: Mapping[type, Callable[[Any], Family[Any]]] = {
    CoAtNetConfig: lambda _: COATNET,
    BaselineConfig: _of_library,
}
