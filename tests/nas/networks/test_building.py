"""Networks of other families train as ours do: from a seed, resumed bit by bit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from coatnet.model import CoAtNet, create
from nas.networks import building as networks
from nas.study.records import BaselineConfig, Outcome
from nas.training import checkpoint
from nas.training.trial_state import load_weights, start
from tests.nas.training.test_loop import NOISY, assert_same_end, numbers

VIT = BaselineConfig(
    network="timm/test_vit",
    options='{"depth": 2, "embed_dim": 8, "patch_size": 4}',
    image_size=8,
    in_channels=1,
    classes=3,
)
NFNET = replace(VIT, network="timm/test_nfnet", options='{"width_factor": 0.25}')
CVT = replace(
    VIT,
    network="transformers/cvt-13",
    options='{"depth": [1, 2, 3], "embed_dim": [4, 8, 12], "num_heads": [1, 2, 3]}',
)
ALL = [VIT, NFNET, CVT]


def names(config: BaselineConfig) -> str:
    return config.network


def test_ours_is_what_it_was(make_config: Callable) -> None:
    config = make_config()
    ours, same = networks.build(config, seed=3, drop_path=0.5), create(config, seed=3)
    assert isinstance(ours, CoAtNet)
    assert ours.config.drop_path == 0.5
    assert networks.undecayed(ours) == ours.no_weight_decay()
    for one, other in zip(ours.parameters(), same.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("config", ALL, ids=names)
def test_the_seed_decides_the_weights_and_nothing_else(config: BaselineConfig) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = networks.build(config, seed=1).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(6)
    again, other = (networks.build(config, seed=seed).state_dict() for seed in (1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.slow
def test_what_is_not_decayed() -> None:
    vit = networks.undecayed(networks.build(VIT, seed=0))
    assert {"cls_token", "pos_embed", "norm.weight", "head.bias"} <= vit
    assert not {"head.weight", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"} & vit
    cvt = networks.undecayed(networks.build(CVT, seed=0))
    assert "network.cvt.encoder.stages.2.cls_token" in cvt
    assert "network.classifier.weight" not in cvt
    assert "network.classifier.bias" in cvt


@pytest.mark.slow
@pytest.mark.parametrize("config", ALL, ids=names)
def test_resumed_equals_straight_bit_by_bit(
    training: Callable, make_trial: Callable, config: BaselineConfig
) -> None:
    trial = replace(make_trial(epochs=2), config=config)
    recipe = {**NOISY, "epochs": 2}
    straight = training("straight", trial=trial, **recipe)
    resumed = training("resumed", trial=trial, **recipe)
    assert straight.run(2).outcome is Outcome.FINISHED
    resumed.run(1)
    torch.manual_seed(99)
    resumed.run(2)
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(resumed.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, resumed.reported)]
    model = load_weights(straight.folder, config, ema=True)
    assert not model.training
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 3)


@pytest.mark.slow
def test_the_seed_and_a_twin_draw_other_weights(make_trial: Callable, training: Callable) -> None:
    recipe = training().recipe
    trial = replace(make_trial(), config=VIT)
    one, twin = (
        start(each, recipe=recipe, data_fingerprint="d", device=torch.device("cpu"))
        for each in (trial, replace(trial, twin=True))
    )
    assert one.identity != twin.identity
    assert not torch.equal(one.model.head.weight, twin.model.head.weight)


@pytest.mark.slow
def test_activations_are_computed_again_where_the_network_can() -> None:
    vit, cvt = networks.build(VIT, seed=0), networks.build(CVT, seed=0)
    images = torch.randn(2, 1, 8, 8)
    plain = gradients(vit, images)
    networks.checkpoint_activations(vit, enabled=True)
    assert vit.grad_checkpointing
    for one, other in zip(plain, gradients(vit, images), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    networks.checkpoint_activations(cvt, enabled=True)  # has no such switch


def gradients(model: nn.Module, images: torch.Tensor) -> list[torch.Tensor]:
    model.train().zero_grad()
    model(images).square().sum().backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]
