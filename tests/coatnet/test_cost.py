"""The analytic cost against networks that were built and counted."""

import timeit

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from coatnet import FAMILY, CoAtNet, CoAtNetConfig, Cost, cost
from coatnet.config import BlockType, StageConfig, StemConfig, StemType


def counted(config: CoAtNetConfig) -> Cost:
    """Build the network without memory and count."""
    with torch.device("meta"):
        model = CoAtNet(config, seed=0).eval()
        images = torch.empty(1, config.in_channels, config.image_size, config.image_size)
    with FlopCounterMode(display=False) as counter:
        model(images)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert counter.get_total_flops() % 2 == 0
    return Cost(parameters, counter.get_total_flops() // 2)


@st.composite
def configs(draw: st.DrawFn) -> CoAtNetConfig:
    """Any network, also ones that the paper would not build (T before C, a stem of one layer)."""
    head_size = draw(st.integers(1, 5))
    stages = st.builds(
        StageConfig,
        block=st.sampled_from(BlockType),
        depth=st.integers(1, 2),
        width=st.integers(1, 4).map(lambda heads: heads * head_size),
        stride=st.sampled_from([1, 2]),
    )
    stem_stride = draw(st.integers(1, 4))
    patch = draw(st.booleans())
    return CoAtNetConfig(
        stem=StemConfig(
            type=StemType.PATCH if patch else StemType.CONVOLUTION,
            width=draw(st.integers(1, 12)),
            depth=1 if patch else draw(st.integers(1, 3)),
            stride=stem_stride,
        ),
        stages=tuple(draw(st.lists(stages, min_size=1, max_size=3))),
        head_size=head_size,
        image_size=draw(st.integers(1, 9)) * (stem_stride if patch else 1),
        in_channels=draw(st.integers(1, 4)),
        classes=draw(st.integers(1, 11)),
    )


@pytest.mark.slow
@settings(max_examples=50, deadline=None, derandomize=True)
@given(config=configs())
def test_cost_is_exact(config):
    assert cost(config) == counted(config)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coatnet-0", "coatnet-5", "coatnet-7"])
def test_cost_of_the_family_is_exact(name):
    assert cost(FAMILY[name]) == counted(FAMILY[name])


def test_another_image_size(tiny):
    assert cost(tiny(), image_size=28) == cost(tiny(image_size=28)) == counted(tiny(image_size=28))
    with pytest.raises(ValueError, match="multiple of the patch"):
        cost(tiny("ViT_REL"), image_size=21)
    with pytest.raises(ValueError, match="image_size must be"):
        cost(tiny(), image_size=0)


def test_cost_takes_microseconds():
    best = min(timeit.repeat(lambda: cost(FAMILY["coatnet-7"]), number=20, repeat=20)) / 20
    assert best < 1e-3, "a price takes 0.1 ms, ten times that means it builds something"
