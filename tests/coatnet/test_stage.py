"""Stages put together: every order, mixed stages, any shape of map; forwards and backwards."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coatnet import CoAtNetConfig, create, in_layout, named
from coatnet.config import VIT_REL, BlockType, StageConfig, changed
from coatnet.mbconv import MBConv
from coatnet.stage import Stage
from coatnet.transformer import TransformerBlock
from tests.coatnet.options import ATTENTIONS, POOLS, STRIDES

ORDERS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "T-C-T-C", "C-T-C-T", "T-T-C-C", "T-T-T-T"]


def assert_trains(config: CoAtNetConfig, batch: int = 2) -> None:
    """Run forwards and backwards: shapes, and a finite gradient for each parameter."""
    model = create(config, seed=0).double()
    height, width = config.map_sizes[-1]
    size = config.image_size if isinstance(config.image_size, tuple) else (config.image_size,) * 2
    images_bchw = torch.randn(batch, config.in_channels, *size, dtype=torch.float64)
    maps_bchw = model.stages(model.stem(images_bchw))
    assert maps_bchw.shape == (batch, config.stages[-1].width, height, width)
    logits_bk = model(images_bchw)
    assert logits_bk.shape == (batch, config.classes)
    logits_bk.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    reached = [parameter.grad.abs().sum() > 0 for parameter in model.parameters()]
    assert sum(reached) > 0.8 * len(reached)  # a bias before a norm, a bias of keys get nothing


@pytest.mark.parametrize("size", [20, (17, 40)], ids=str)
@pytest.mark.parametrize("layout", [*ORDERS, VIT_REL])
def test_every_order_trains(tiny, layout, size):
    if layout == VIT_REL:
        size = 20 if size == 20 else (15, 40)  # whole patches of 5
    assert_trains(tiny(layout, image_size=size))


@pytest.mark.parametrize("size", [28, (9, 44)], ids=str)
@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("place", STRIDES)
def test_every_stride_on_maps_of_any_shape(tiny, place, kind, size):
    changes = {"mbconv_stride": place, "image_size": size, **POOLS[kind]}
    assert_trains(tiny("C-T-C-T", mbconv_norm="layer", squeeze_ratio=0.0, **changes))


@pytest.mark.parametrize("size", [28, (20, 28)], ids=str)
@pytest.mark.parametrize("kind", ATTENTIONS)
@pytest.mark.parametrize("layout", ["C-C-T-T", VIT_REL])
def test_every_attention_trains(tiny, kind, layout, size):
    if layout == VIT_REL:
        size = 20 if size == 28 else (20, 30)
    assert_trains(tiny(layout, image_size=size, **ATTENTIONS[kind]))


@pytest.mark.parametrize("layout", ["C-C-T-T", "T-C-T-C"])
def test_a_network_may_see_more_than_its_tables_were_made_for(tiny, layout):
    assert_trains(tiny(layout, image_size=(28, 20), bias_image_size=20))
    window = {"attention": "window", "window": 3}
    assert_trains(tiny(layout, image_size=44, bias_image_size=(20, 8), **window))


@pytest.mark.parametrize("head_size", [1, 2, 4])
def test_head_sizes(tiny, head_size):
    assert_trains(tiny("C-C-T-T", head_size=head_size))


def own_options(config: CoAtNetConfig, **changes) -> CoAtNetConfig:
    """Describe a C-C-T-T in which every stage has options of its own, other than the network's."""
    first, second, third, last = config.stages
    stages = (
        replace(first, kernel=5, expansion=1),
        replace(second, kernel=7, squeeze_ratio=0.0),
        replace(third, head_size=3, expansion=8),
        replace(last, head_size=8),
    )
    return changed(config, stages=stages, **changes)


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_stages_have_options_of_their_own(tiny, kind):
    config = own_options(tiny(), expansion=2, bias_image_size=28, **ATTENTIONS[kind])
    assert_trains(config)
    first, second, third, last = create(config, seed=0).stages
    assert [stage[0].depthwise.kernel_size for stage in (first, second)] == [(5, 5), (7, 7)]
    assert [stage[0].expand.out_channels for stage in (first, second)] == [4, 2 * 8]
    assert [stage[0].squeeze_excitation is None for stage in (first, second)] == [False, True]
    assert [stage[0].feed_forward[0].out_features for stage in (third, last)] == [8 * 12, 2 * 16]
    assert [stage[0].attention.head_size for stage in (third, last)] == [3, 8]
    if config.relative_bias != "none":  # the tables are stored for 28 pixels
        windows = [min(config.window, side) if "window" in kind else side for side in (4, 2)]
        shapes = [tuple(stage[0].attention.positions.table.shape) for stage in (third, last)]
        assert shapes == [(n, 2 * w - 1, 2 * w - 1) for n, w in zip((4, 2), windows, strict=True)]


def test_parameters_are_named_alike_whatever_the_options(tiny):
    """So that networks which share shapes share values, and files can be read."""
    plain = dict(create(tiny(), seed=0).named_parameters())
    other = dict(create(own_options(tiny(), kernel=7), seed=0).named_parameters())
    assert plain.keys() - other.keys() == {
        f"stages.1.0.squeeze_excitation.{layer}.{kind}"
        for layer in ("reduce", "expand")
        for kind in ("weight", "bias")
    }
    assert not other.keys() - plain.keys()
    same = [name for name in other if other[name].shape == plain[name].shape]
    assert {"stages.0.0.shortcut.weight", "stages.3.0.attention.qkv.weight"} & set(same)
    assert all(other[name].equal(plain[name]) for name in same)


def mixed(config: CoAtNetConfig, first: str, second: str, **changes) -> CoAtNetConfig:
    """Describe S3 as two stages of one resolution; the second is wider by 4 channels."""
    stages = list(config.stages)
    third = stages.pop(2)
    stages[2:2] = [
        StageConfig(block=BlockType(first), depth=2, width=third.width),
        StageConfig(block=BlockType(second), depth=2, width=third.width + 4, stride=1),
    ]
    return changed(config, stages=tuple(stages), **changes)


@pytest.mark.parametrize("order", ["CT", "TC", "CC", "TT"])
def test_mixed_stages_train(tiny, order):
    config = mixed(tiny(), *order)
    assert config.map_sizes[3] == config.map_sizes[4] == (3, 3)
    assert_trains(config)
    model = create(config, seed=0)
    widening = model.stages[3][0]
    assert widening.stride == 1
    assert widening.shortcut is not None
    assert model.stages[3][1].shortcut is None


@pytest.mark.slow
def test_coatnet_7_mixes_its_third_stage():
    """As Table 12 has it, in the order of the paper: 8 MBConv, then 42 transformer blocks."""
    with torch.device("meta"):
        model = create("coatnet-7", seed=0)
        maps_bchw = model.stem(torch.empty(2, 3, 224, 224))
        sides = []
        for stage in model.stages:
            maps_bchw = stage(maps_bchw)
            sides.append(maps_bchw.shape[2])
    assert sides == [56, 28, 14, 14, 7]
    assert [type(block) for block in model.stages[2]] == [MBConv] * 8
    assert [type(block) for block in model.stages[3]] == [TransformerBlock] * 42


def test_the_depths_of_coatnet_6_at_a_small_width():
    stages = tuple(
        StageConfig(
            block=stage.block, depth=max(1, stage.depth // 4), width=8 * (2**i), stride=stage.stride
        )
        for i, stage in enumerate(named("coatnet-6").stages)
    )
    config = changed(named("coatnet-6"), stages=stages, head_size=8, image_size=32, classes=3)
    config = changed(config, stem=type(config.stem)(width=4))
    assert_trains(config)


@pytest.mark.parametrize(
    "name", ["coatnet-28", "coatnet-32", pytest.param("coatnet-64", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("layout", ["C-C-C-C", "C-C-T-T", "C-T-T-T", VIT_REL])
def test_small_members_train_in_every_layout(name, layout):
    if (name, layout) == ("coatnet-28", VIT_REL):
        assert_trains(in_layout(named(name, image_size=32), layout))  # 28 is not whole patches
        return
    assert_trains(in_layout(named(name), layout))


@pytest.mark.parametrize("size", [(28, 40), (64, 28)], ids=str)
def test_small_members_take_images_that_are_not_square(size):
    assert_trains(named("coatnet-32", image_size=size, in_channels=1))


@pytest.mark.parametrize("layout", ["C-C-T-T", VIT_REL])
def test_images_as_small_as_one_cell(tiny, layout):
    """BatchNorm needs more than one number a channel: LayerNorm does not; the stem keeps BN."""
    size = 5 if layout == VIT_REL else 1
    assert_trains(tiny(layout, image_size=size, mbconv_norm="layer"), batch=3)


def test_a_map_turned_turns_the_result(tiny):
    """Rows and columns are treated alike: the transposed network sees the transposed image."""
    model = create(tiny(image_size=(20, 28)), seed=0).double().eval()
    turned = create(tiny(image_size=(28, 20)), seed=0).double().eval()
    with torch.no_grad():
        for name, parameter in turned.named_parameters():
            value = dict(model.named_parameters())[name]
            turns = name.endswith("positions.table") or value.ndim == 4
            parameter.copy_(value.mT if turns else value)
        images_bchw = torch.randn(2, 2, 20, 28, dtype=torch.float64)
        expected_bk = model(images_bchw)
        torch.testing.assert_close(turned(images_bchw.mT), expected_bk, atol=1e-12, rtol=1e-10)


def test_first_blocks_alone_change_size_and_width(tiny):
    config = tiny()
    stage = Stage(config, 2)
    first, second = stage
    assert (first.stride, second.stride) == (2, 1)
    assert first.sizes.input == config.map_sizes[2] == (5, 5)
    assert first.sizes.out == second.sizes.input == second.sizes.out == (3, 3)
    assert isinstance(first.shortcut, nn.Linear)
    assert second.shortcut is None
