"""Equal identities build equal networks, and networks that differ have other identities."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import coatnet
from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    NormType,
    PoolType,
    RelativeBias,
    StageConfig,
    StemConfig,
    StridePlace,
)
from coatnet.identity import identity

C, T = BlockType.CONVOLUTION, BlockType.TRANSFORMER


def network(*blocks: BlockType, strides: tuple[int, ...] = (2, 1), **options) -> CoAtNetConfig:
    stages = tuple(
        StageConfig(block=block, depth=1, width=8, stride=stride)
        for block, stride in zip(blocks, strides, strict=False)
    )
    plain = {"head_size": 4, "image_size": 16, "in_channels": 1, "classes": 3}
    return CoAtNetConfig(stem=StemConfig(width=4), stages=stages, **{**plain, **options})


ALIKE = {
    "head size of convolutions": (network(C, C), {"head_size": 2}),
    "attention of convolutions": (network(C, C), {"attention": AttentionType.WINDOW, "window": 2}),
    "kernel of transformers": (network(T, T), {"kernel": 5}),
    "squeeze of transformers": (network(T, T), {"squeeze_ratio": 0.0}),
    "norm of transformers": (network(T, T), {"mbconv_norm": NormType.LAYER}),
    "stride place without strides": (
        network(C, C, strides=(1, 1)), {"mbconv_stride": StridePlace.POOL}
    ),
    "stride place of transformers": (network(T, C), {"mbconv_stride": StridePlace.POOL}),
    "pool without strides": (network(C, T, strides=(1, 1)), {"pool": PoolType.AVERAGE}),
    "window of global attention": (network(C, T), {"window": 3}),
    "window as large as the map": (
        network(C, T), {"attention": AttentionType.WINDOW, "window": 4}
    ),
    "bottlenecks that round alike": (network(C, C), {"squeeze_ratio": 0.26}),
}  # fmt: skip


@pytest.mark.parametrize("case", ALIKE)
def test_what_no_block_has_makes_no_other_network(case: str) -> None:
    config, changes = ALIKE[case]
    other = replace(config, **changes)
    assert config != other
    assert identity(config) == identity(other)
    assert_equal(config, other)


def assert_equal(one: CoAtNetConfig, other: CoAtNetConfig) -> None:
    """Build both from one seed and compare weights and outputs."""
    models = [coatnet.create(config, seed=3).eval() for config in (one, other)]
    first, second = (model.state_dict() for model in models)
    assert list(first) == list(second)
    assert all(torch.equal(first[name], second[name]) for name in first)
    images = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(models[0](images), models[1](images))


def test_a_stages_own_option_is_the_networks_where_all_have_it() -> None:
    config = network(C, C, kernel=5)
    stages = tuple(replace(stage, kernel=5) for stage in config.stages)
    own = replace(config, kernel=3, stages=stages)
    assert identity(config) == identity(own)
    assert_equal(config, own)


DIFFERENT = {
    "head_size": (network(C, T), 2),
    "kernel": (network(C, T), 5),
    "expansion": (network(C, T), 2),
    "squeeze_ratio": (network(C, T), 0.5),
    "mbconv_norm": (network(C, T), NormType.LAYER),
    "mbconv_stride": (network(C, T), StridePlace.POOL),
    "pool": (network(C, T), PoolType.AVERAGE),
    "pool_size": (network(C, T), 3),
    "relative_bias": (network(C, T), RelativeBias.POST),
    "drop_path": (network(C, T), 0.1),
    "batch_norm_momentum": (network(C, T), 0.1),
    "image_size": (network(C, T), 18),
    "classes": (network(C, T), 4),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_whatever_changes_the_network_changes_its_identity(name: str) -> None:
    config, value = DIFFERENT[name]
    assert identity(config) != identity(replace(config, **{name: value}))


def test_windows_smaller_than_the_map_differ() -> None:
    window = network(C, T, attention=AttentionType.WINDOW, window=2)
    assert identity(window) != identity(network(C, T))
    assert identity(window) != identity(replace(window, window=3))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "kernel": st.sampled_from([3, 5]),
        "expansion": st.sampled_from([2, 4]),
        "squeeze_ratio": st.sampled_from([0.0, 0.25, 0.26]),
        "head_size": st.sampled_from([4, 8]),
        "mbconv_norm": st.sampled_from(NormType),
        "mbconv_stride": st.sampled_from(StridePlace),
        "pool": st.sampled_from(PoolType),
        "window": st.sampled_from([2, 4, 9]),
        "attention": st.sampled_from([AttentionType.GLOBAL, AttentionType.WINDOW]),
        "relative_bias": st.sampled_from(RelativeBias),
    },
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([C, T]), min_size=2, max_size=2),
    st.tuples(st.sampled_from([1, 2]), st.sampled_from([1, 2])),
    OPTIONS,
    OPTIONS,
)
def test_equal_identities_build_equal_networks(blocks, strides, one, other) -> None:
    configs = [network(*blocks, strides=strides, **options) for options in (one, other)]
    if identity(configs[0]) == identity(configs[1]):
        assert_equal(*configs)
