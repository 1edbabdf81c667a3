"""timm's networks: built as asked, sizes and drop path given where a network takes them."""

from typing import ClassVar

import pytest

from nas.networks.registry import family_of
from nas.study.records import BaselineConfig
from tests.contracts.family import FamilyContract
from tests.nas.networks.test_baseline import NFNET, VIT, config, construct

pytestmark = pytest.mark.slow  # timm takes seconds to import


class TestVit(FamilyContract):
    config: ClassVar[BaselineConfig] = VIT


class TestNfnet(FamilyContract):
    config: ClassVar[BaselineConfig] = NFNET


def test_the_size_is_given_where_a_network_asks_for_it() -> None:
    model = construct(config("timm/test_vit", size=48, patch_size=8, depth=1))
    assert model.pos_embed.shape[1] == 6 * 6 + 1


def test_drop_path_is_the_recipes() -> None:
    def rates(drop_path: float, given: float | None) -> list[float]:
        model = construct(
            config("timm/test_vit", patch_size=8, depth=3, drop_path=drop_path), drop_path=given
        )
        return [part.drop_prob for part in model.modules() if hasattr(part, "drop_prob")]

    assert rates(0.0, None) == []
    assert max(rates(0.2, None)) == pytest.approx(0.2)
    assert max(rates(0.2, 0.4)) == pytest.approx(0.4)
    assert rates(0.2, 0.0) == []


def test_a_network_without_drop_path_is_built_all_the_same() -> None:
    model = construct(config("timm/test_vit", patch_size=8, depth=1))
    assert construct(config("timm/vgg11", drop_path=0.3)) is not model


def test_class_tokens_and_positions_are_not_decayed() -> None:
    family = family_of(VIT)
    undecayed = family.undecayed(family.build(VIT, seed=0))
    assert {"cls_token", "pos_embed", "norm.weight", "head.bias"} <= undecayed
    assert not {"head.weight", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"} & undecayed


def test_activations_are_computed_again() -> None:
    family = family_of(VIT)
    model = family.build(VIT, seed=0)
    family.checkpoint_activations(model, enabled=False)
    assert not model.grad_checkpointing
    family.checkpoint_activations(model, enabled=True)
    assert model.grad_checkpointing
