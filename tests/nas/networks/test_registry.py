"""Which family a network is of, and what is known of it before torch is imported."""

import subprocess
import sys

import pytest

from nas.errors import SpecError
from nas.networks.registry import COATNET, LIBRARIES, family_of
from nas.study.records import BaselineConfig
from tests.nas.builders import TINY


def named(network: str) -> BaselineConfig:
    return BaselineConfig(network=network, image_size=8, in_channels=1, classes=3)


def test_each_network_has_the_family_of_its_kind() -> None:
    assert family_of(TINY) is COATNET
    assert family_of(named("timm/resnet18")) is LIBRARIES["timm"]
    assert family_of(named("transformers/cvt-13")) is LIBRARIES["transformers"]
    assert family_of(named("t2t/t2t_vit_7")) is LIBRARIES["t2t"]
    assert COATNET.searched
    assert not any(family.searched for family in LIBRARIES.values())


@pytest.mark.parametrize("network", ["vit_small", "torchvision/resnet18", "timm/", "/vit", ""])
def test_a_network_of_no_family_is_refused(network: str) -> None:
    known = "must be timm/NAME, transformers/NAME or t2t/NAME"
    with pytest.raises(SpecError, match=known) as raised:
        family_of(named(network))
    assert raised.value.key == "network"


PROGRAM = """
import sys
from nas.networks.registry import family_of
from nas.study.records import DataShape
from tests.nas.builders import TINY
from tests.nas.networks.test_registry import named

shape = DataShape(image_size=16, channels=1, classes=3)
others = ("timm/resnet18", "transformers/cvt-13", "t2t/t2t_vit_7")
for config in (TINY, *map(named, others)):
    family = family_of(config)
    print(family.name, family.describe(config).types)
    family.retargeted(config, shape)
    if family.priced_at_once:
        family.cost(config)
print(*({"torch", "timm", "transformers", "pydantic"} & set(sys.modules)))
"""


def test_describing_and_pricing_by_count_import_no_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == (
        "coatnet C\ntimm timm/resnet18\ntransformers transformers/cvt-13\nt2t t2t/t2t_vit_7\n\n"
    )
