"""Ours as a family: nothing is added to what package `coatnet` builds, counts and says."""

from typing import ClassVar

import pytest
import torch

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from coatnet.cost import cost
from coatnet.model import CoAtNet, create
from nas.networks.family import Description
from nas.networks.registry import family_of
from nas.study.records import DataShape
from tests.contracts.family import FamilyContract

CONFIG = CoAtNetConfig(
    stem=StemConfig(width=4, depth=1),
    stages=(
        StageConfig(block=BlockType.CONVOLUTION, depth=2, width=4, stride=1),
        StageConfig(block=BlockType.TRANSFORMER, depth=1, width=8),
    ),
    head_size=4,
    image_size=16,
    in_channels=1,
    classes=3,
)


class TestCoAtNet(FamilyContract):
    config: ClassVar[CoAtNetConfig] = CONFIG


def test_ours_is_what_it_was() -> None:
    family = family_of(CONFIG)
    ours, same = family.build(CONFIG, seed=3, drop_path=0.5), create(CONFIG, seed=3)
    assert isinstance(ours, CoAtNet)
    assert ours.config.drop_path == 0.5
    assert family.undecayed(ours) == ours.no_weight_decay()
    for one, other in zip(ours.parameters(), same.parameters(), strict=True):
        assert torch.equal(one, other)


def test_tables_keep_the_size_they_were_trained_at() -> None:
    family = family_of(CONFIG)
    larger = family.retargeted(CONFIG, DataShape(image_size=32, channels=1, classes=3))
    assert (larger.image_size, larger.bias_image_size) == (32, 16)
    again = family.retargeted(larger, DataShape(image_size=48, channels=1, classes=3))
    assert (again.image_size, again.bias_image_size) == (48, 16)
    assert family.cost(larger).parameters == cost(CONFIG).parameters
    assert family.cost(larger).macs > cost(CONFIG).macs
    with pytest.raises(ValueError, match="image_size"):
        family.retargeted(CONFIG, DataShape(image_size=0, channels=1, classes=3))


def test_what_is_said_of_it() -> None:
    described = family_of(CONFIG).describe(CONFIG)
    assert described == Description(
        types="C-T",
        depths=(2, 1),
        widths=(4, 8),
        strides=(1, 2),
        details={"stem": "convolution 1x4", "strides": "2-1-2", "head_size": "4"},
    )
    assert described.params == {
        "depths": "2-1", "widths": "4-8", "stem": "convolution 1x4", "strides": "2-1-2",
        "head_size": "4",
    }  # fmt: skip
