"""Prices are exact, found without weights, and networks that cannot be trained are refused."""

import pytest
import torch

from nas.errors import SpecError
from nas.networks import measuring
from nas.networks.measuring import Measured
from nas.study.records import BaselineConfig
from tests.nas.networks.test_baseline import CVT, config, construct

pytestmark = pytest.mark.slow


def measure(config: BaselineConfig) -> Measured:
    return measuring.measure(config, construct)


def test_a_vision_transformer_by_hand() -> None:
    """Four blocks of width 60 over 64 patches of 4x4 and a class token; MLPs of 3 x 60."""
    width, tokens, hidden, classes = 60, 65, 180, 10
    block = tokens * (4 * width**2 + 2 * width * hidden) + 2 * tokens**2 * width
    patches = 64 * 16 * width
    found = measure(config("timm/test_vit", patch_size=4, depth=4, embed_dim=60))
    assert found.macs == 4 * block + patches + width * classes
    assert found.parameters == 152_590


def test_a_published_size() -> None:
    """timm's results table: ViT-S/16 at 224 px has 22.05 M parameters and 4.25 GMACs.

    Those leave attention's two products out of account, 0.36 GMACs.
    """
    found = measure(config("timm/vit_small_patch16_224", size=224))
    assert found.parameters == pytest.approx(22.05e6, rel=0.03)  # 1 channel, 10 classes
    assert found.macs == pytest.approx(4.6e9, rel=0.01)


def test_nothing_is_drawn_and_no_memory_taken() -> None:
    before = torch.random.get_rng_state()
    found = measure(config("timm/vit_large_patch16_224", size=224))  # 1.2 GB
    assert found.parameters > 3e8
    assert torch.equal(before, torch.random.get_rng_state())


def test_networks_that_the_meta_device_cannot_run() -> None:
    found = measure(config("timm/naflexvit_base_patch16_gap", depth=1))
    assert found.macs > 0


@pytest.mark.parametrize(
    ("network", "options", "drops"),
    [
        ("timm/test_vit", {"patch_size": 8, "depth": 2}, True),
        ("timm/test_convnext", {}, True),
        ("timm/vgg11", {}, False),
        ("transformers/cvt-13", CVT, False),
    ],
)
def test_who_has_drop_path(network: str, options: dict, drops: bool) -> None:
    assert measure(config(network, drop_path=0.1, **options)).drops_paths is drops


@pytest.mark.parametrize(
    ("network", "size", "options", "said"),
    [
        ("timm/test_vit", 36, {}, "Input height (36) should be divisible by patch size (16)."),
        ("transformers/cvt-13", 36, {"num_heads": [3, 3, 3]}, "pixels and 1 channel: "),
        ("timm/botnet26t_256", 36, {}, "cannot be used on images of 36x36 pixels and 1 channel: "),
        ("timm/test_vit", 36, {"patch_size": 4, "features_only": True}, "is no classifier"),
        ("timm/inception_v3", 299, {"aux_logits": True}, "is no classifier"),  # in training
    ],
)
def test_what_cannot_be_trained_is_refused(
    network: str, size: int, options: dict, said: str
) -> None:
    with pytest.raises(SpecError) as raised:
        measure(config(network, size=size, **options))
    assert said in raised.value.message
    assert "\n" not in str(raised.value)
    assert raised.value.key == ("options" if options else "network")
