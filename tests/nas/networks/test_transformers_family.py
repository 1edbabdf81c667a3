"""CvT of transformers: the sizes of its paper, its class tokens left out of the decay."""

from typing import ClassVar

import pytest
import torch

from nas.networks.registry import family_of
from nas.study.records import BaselineConfig
from tests.contracts.family import FamilyContract
from tests.nas.networks.test_baseline import TINY_CVT, construct

pytestmark = pytest.mark.slow  # transformers takes seconds to import


class TestCvt(FamilyContract):
    config: ClassVar[BaselineConfig] = TINY_CVT


def test_the_three_of_cvts_paper() -> None:
    """Wu et al. (2021), Table 3: 20 M, 32 M and 277 M parameters."""
    for name, millions in (("cvt-13", 20), ("cvt-21", 32), ("cvt-w24", 277)):
        with torch.device("meta"):
            model = construct(
                BaselineConfig(
                    network=f"transformers/{name}", image_size=224, in_channels=3, classes=1000
                )
            )
        assert sum(p.numel() for p in model.parameters()) == pytest.approx(millions * 1e6, rel=0.02)


def test_class_tokens_are_not_decayed() -> None:
    family = family_of(TINY_CVT)
    undecayed = family.undecayed(family.build(TINY_CVT, seed=0))
    assert "network.cvt.encoder.stages.2.cls_token" in undecayed
    assert "network.classifier.weight" not in undecayed
    assert "network.classifier.bias" in undecayed
