"""Equality with an independent implementation: timm's `MaxxVit` with our parameters mapped to it.

What it shares with us it was told: stride in the 1x1 convolutions, the pooling, the norms' epsilons
and a bias in the stem. Left to each side: every operation, its order, the index of relative
positions, and the layout of q, k and v.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coatnet import CoAtNet, CoAtNetConfig, in_layout, named
from coatnet.config import BlockType, StageConfig, changed
from tests.coatnet.timm_twin import as_timm, names, twin
from tests.timm_import import import_timm

LAYOUTS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T"]
# image sizes: maps of 4, 2, ... cells; with 3x3 pooling also of 5 and 3 (timm rounds 2x2 down)
OPTIONS = {
    "max": {"pool_size": 3, "image_size": 40},
    "max2": {"pool_size": 2, "image_size": 64},
    "avg2 in the depthwise": {"pool": "average", "image_size": 64, "mbconv_stride": "depthwise"},
    "avg": {"pool": "average", "pool_size": 3, "image_size": 40},
    "max in the depthwise": {"pool_size": 3, "image_size": 40, "mbconv_stride": "depthwise"},
    "max by pooling": {"pool_size": 3, "image_size": 40, "mbconv_stride": "pool"},
    "avg2 by pooling": {"pool": "average", "image_size": 64, "mbconv_stride": "pool"},
}


@pytest.fixture(autouse=True)
def _timm() -> None:
    try:
        import_timm()
    except ImportError as error:
        pytest.skip(f"timm cannot be imported: {error}")


def small(layout: str, **changes) -> CoAtNetConfig:
    """Describe a network of four strided stages of 2, 1, 2 and 2 blocks."""
    network = named("coatnet-0", classes=7, head_size=4, batch_norm_momentum=0.1)
    depths_and_widths = ((2, 8), (1, 12), (2, 16), (2, 24))
    stages = tuple(
        StageConfig(block=BlockType.CONVOLUTION, depth=depth, width=width)
        for depth, width in depths_and_widths
    )
    stem = type(network.stem)(width=8)
    return in_layout(changed(network, stem=stem, stages=stages, **changes), layout)


def pair(config: CoAtNetConfig, dtype: torch.dtype = torch.float32) -> tuple[CoAtNet, nn.Module]:
    """Return our network, no parameter or statistic of which is at its start, and timm's."""
    ours, theirs = CoAtNet(config, seed=0), twin(config)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in ours.state_dict().items():
            if name.endswith("positions.table"):
                tensor.normal_()
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.is_floating_point() and tensor.ndim == 1:
                tensor.add_(0.2 * torch.randn_like(tensor))
    theirs.load_state_dict(as_timm(ours, ours.state_dict()), strict=True)
    return ours.to(dtype), theirs.to(dtype)


def images(config: CoAtNetConfig, dtype: torch.dtype, batch: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    size = config.image_size
    return torch.randn(batch, config.in_channels, size, size, generator=generator).to(dtype)


def assert_equal_networks(config: CoAtNetConfig, dtype: torch.dtype, tolerance: float) -> None:
    ours, theirs = pair(config, dtype)
    images_bchw = images(config, dtype)
    with torch.no_grad():
        for training in (False, True, False):  # the last with the statistics of the step before
            found_bk = ours.train(training)(images_bchw)
            expected_bk = theirs.train(training)(images_bchw)
            assert found_bk.std() > 0.1  # not zeros that agree
            torch.testing.assert_close(found_bk, expected_bk, atol=tolerance, rtol=tolerance)
    state = as_timm(ours, ours.state_dict())
    for name, expected in theirs.state_dict().items():
        torch.testing.assert_close(state[name], expected, atol=tolerance, rtol=tolerance, msg=name)


def cases() -> list:
    """Pair all layouts with the first three options, and one layout with each of the others."""
    every = list(OPTIONS)
    pairs = [(layout, name) for layout in LAYOUTS for name in every[:3]]
    pairs += [("C-C-C-T", name) for name in every[3:]]
    return [pytest.param(layout, OPTIONS[name], id=f"{layout}, {name}") for layout, name in pairs]


@pytest.mark.parametrize(("layout", "options"), cases())
def test_layouts_equal_timm(layout, options):
    config = small(layout, **options)
    assert_equal_networks(config, torch.float32, 1e-5)
    assert_equal_networks(config, torch.float64, 1e-11)


@pytest.mark.parametrize("layout", ["T-C-T-C", "T-T-T-T", "C-T-C-T"])
def test_other_orders_equal_timm(layout):
    assert_equal_networks(small(layout, pool_size=3, image_size=40), torch.float64, 1e-11)


def test_mixed_stages_equal_timm():
    """Convolution and transformers in one resolution, as in CoAtNet-6 and -7."""
    config = small("C-C-T-T", pool_size=3, image_size=40)
    first, second, third, last = config.stages
    mixed = StageConfig(block=BlockType.CONVOLUTION, depth=2, width=third.width)
    third = StageConfig(block=BlockType.TRANSFORMER, depth=1, width=third.width, stride=1)
    config = changed(config, stages=(first, second, mixed, third, last))
    assert config.layout == "C-C-C-T-T"
    assert_equal_networks(config, torch.float64, 1e-11)


# timm rounds MBConv's hidden width to multiples of 8, which these are.
@pytest.mark.parametrize("place", ["expand", "depthwise"])
@pytest.mark.parametrize(("kernel", "expansion"), [(5, 6), (7, 2)])
def test_kernels_and_expansions_equal_timm(kernel, expansion, place):
    changes = {"pool_size": 3, "image_size": 40, "mbconv_stride": place}
    config = small("C-C-T-T", kernel=kernel, expansion=expansion, **changes)
    assert_equal_networks(config, torch.float64, 1e-11)


def test_stages_with_options_of_their_own_equal_timm():
    config = small("C-C-T-T", pool_size=3, image_size=40)
    first, second, third, last = config.stages
    stages = (
        replace(first, kernel=5, expansion=1),
        replace(second, kernel=7, expansion=6, squeeze_ratio=0.5),
        replace(third, head_size=8),
        replace(last, head_size=12, expansion=2),
    )
    assert_equal_networks(replace(config, stages=stages), torch.float64, 1e-11)


def test_images_that_are_not_square_equal_timm():
    config = small("C-C-T-T", pool_size=3, image_size=(40, 56))
    ours, theirs = pair(config, torch.float64)
    images_bchw = torch.randn(2, 3, 40, 56, dtype=torch.float64)
    torch.testing.assert_close(ours(images_bchw), theirs(images_bchw), atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_equal_timm(layout):
    config = small(layout, pool_size=3, image_size=40)
    ours, theirs = pair(config, torch.float64)
    images_bchw = images(config, torch.float64)
    for model in (ours, theirs):
        model(images_bchw).square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    mapped = as_timm(ours, gradients)
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(mapped[name], parameter.grad, msg=name, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("layout", [*LAYOUTS, "T-C-T-C"])
def test_the_mapping_uses_every_tensor_once(layout):
    config = small(layout)
    ours, theirs = CoAtNet(config, seed=0), twin(config)
    our_names, their_names = (list(column) for column in zip(*names(config), strict=True))
    assert sorted(our_names) == sorted(ours.state_dict())
    assert sorted(their_names) == sorted(theirs.state_dict())
    # and every number of it: numbered through, they all arrive
    numbered, start = {}, 0
    for name, tensor in ours.state_dict().items():
        numbered[name] = torch.arange(start, start + tensor.numel()).reshape(tensor.shape)
        start += tensor.numel()
    arrived = torch.cat([tensor.flatten() for tensor in as_timm(ours, numbered).values()])
    assert torch.equal(arrived.sort().values, torch.arange(start))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes", "timm_name"),
    [
        ("coatnet-0", {"pool_size": 3}, None),
        ("coatnet-0", {}, None),
        ("coatnet-0-strided-dconv", {"pool": "average"}, "coatnet_0_224"),
    ],
)
def test_coatnet_0_equals_timm(name, changes, timm_name):
    """At 224 pixels; the last is timm's own `coatnet_0_224` but for epsilons and stem bias."""
    config = named(name, **changes)
    ours, theirs = pair(config)
    if timm_name is not None:
        made = import_timm().create_model(
            timm_name, stem_bias=True, conv_norm_eps=1e-3, transformer_norm_eps=1e-5
        )
        made.load_state_dict(theirs.state_dict(), strict=True)
        theirs = made
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.parameters())
    images_bchw = images(config, torch.float32, batch=1)
    with torch.no_grad():
        found_bk, expected_bk = (model.eval()(images_bchw) for model in (ours, theirs))
    assert found_bk.std() > 0.1
    torch.testing.assert_close(found_bk, expected_bk, atol=1e-5, rtol=1e-5)
