"""The whole network: shapes, seeds, what is not decayed, and that it learns."""

import subprocess
import sys
import textwrap

import pytest
import torch
from torch.nn import functional

from coatnet import FAMILY, create
from coatnet.config import VIT_REL

LAYOUTS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", VIT_REL]


@pytest.mark.parametrize("layout", [*LAYOUTS, "T-C-T-C"])
def test_forward_gives_logits(tiny, layout):
    model = create(tiny(layout), seed=0)
    logits_bk = model(torch.rand(3, 2, 20, 20))
    assert logits_bk.shape == (3, 5)
    logits_bk.square().sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_odd_maps(tiny):
    model = create(tiny(image_size=28), seed=0)
    maps = model.stem(torch.rand(2, 2, 28, 28))
    sides = [maps.shape[2]]
    for stage in model.stages:
        maps = stage(maps)
        assert maps.shape[2] == maps.shape[3]
        sides.append(maps.shape[2])
    assert sides == [14, 14, 7, 4, 2]
    assert model.config.map_sizes == tuple((side, side) for side in sides)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_format_changes_nothing(tiny, layout):
    model = create(tiny(layout), seed=0).double().eval()
    images_bchw = torch.rand(2, 2, 20, 20, dtype=torch.float64)
    expected_bk = model(images_bchw)
    channels_last = images_bchw.contiguous(memory_format=torch.channels_last)
    found_bk = model.to(memory_format=torch.channels_last)(channels_last)
    torch.testing.assert_close(found_bk, expected_bk)


def test_head_is_pool_norm_tanh_classes(tiny):
    head = create(tiny(), seed=0).head
    x_bchw = torch.randn(2, 16, 3, 3)
    pooled = x_bchw.mean((2, 3))
    normed = (pooled - pooled.mean(1, keepdim=True)) / (
        pooled.var(1, correction=0, keepdim=True) + 1e-5
    ).sqrt()
    expected = torch.tanh(normed @ head.inner.weight.T) @ head.classifier.weight.T
    torch.testing.assert_close(head(x_bchw), expected)  # biases start at 0, scales at 1


@pytest.mark.parametrize("shape", [(2, 3, 20, 20), (2, 2, 20, 24), (2, 2, 28, 28), (2, 20, 20)])
def test_wrong_images_are_refused(tiny, shape):
    with pytest.raises(ValueError, match=r"images must be \(batch, 2, 20, 20\), not \(2, "):
        create(tiny(), seed=0)(torch.rand(shape))


def test_a_seed_fixes_the_parameters_and_leaves_the_global_state(tiny):
    state = torch.get_rng_state()
    first, same, other = (create(tiny(), seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], same[name]) for name in first)
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    assert differing == {name for name, tensor in first.items() if tensor.ndim > 1}


def test_equal_blocks_start_differently():
    _, first, second = create("coatnet-0", image_size=32, seed=0).stages[1]
    kernels = zip(first.parameters(), second.parameters(), strict=True)
    assert not any(torch.equal(*pair) for pair in kernels if pair[0].ndim > 1)


def test_no_seed_draws_from_the_global_state(tiny):
    torch.manual_seed(3)
    first = create(tiny())
    second = create(tiny())
    torch.manual_seed(3)
    again = create(tiny())
    kernels = [model.stem[0].weight for model in (first, second, again)]
    assert torch.equal(kernels[0], kernels[2])
    assert not torch.equal(kernels[0], kernels[1])


def test_layouts_share_what_they_share(tiny):
    layouts = [dict(create(tiny(layout), seed=5).named_parameters()) for layout in LAYOUTS[:4]]
    for model in layouts[1:]:
        shared = {
            name
            for name in model.keys() & layouts[0].keys()
            if model[name].shape == layouts[0][name].shape
        }
        assert {"stem.0.weight", "stages.0.0.expand.weight", "head.inner.weight"} <= shared
        assert all(torch.equal(model[name], layouts[0][name]) for name in shared)
    tables = [model["stages.3.0.attention.positions.table"] for model in layouts[1:]]
    assert torch.equal(tables[0], tables[1])
    assert torch.equal(tables[1], tables[2])


def test_initialisation_is_as_documented():
    model = create("coatnet-0", classes=10, seed=0)
    parameters = dict(model.named_parameters())

    def std(name):
        return parameters[name].std().item()

    assert std("stages.0.0.expand.weight") == pytest.approx((2 / 384) ** 0.5, rel=0.05)
    assert std("stages.1.0.depthwise.weight") == pytest.approx((2 / 9 / 768) ** 0.5, rel=0.05)
    assert std("stages.2.1.attention.positions.table") == pytest.approx(0.02, rel=0.05)
    assert std("stages.2.1.attention.output.weight") == pytest.approx((2 / 768) ** 0.5, rel=0.05)
    # q, k and v are one matrix each, though they lie in one tensor
    assert std("stages.2.1.attention.qkv.weight") == pytest.approx((2 / 768) ** 0.5, rel=0.05)
    for name, parameter in parameters.items():
        if parameter.ndim == 1:
            assert parameter.unique().tolist() == [0.0 if name.endswith("bias") else 1.0], name


def test_no_weight_decay_names_biases_norms_and_tables(tiny):
    model = create(tiny(), seed=0)
    spared = model.no_weight_decay()
    decayed = {name for name, _ in model.named_parameters()} - spared
    assert {"stem.0.bias", "stem.1.weight", "stages.2.0.attention.positions.table"} <= spared
    assert {"stages.2.0.feed_forward_norm.weight", "head.norm.bias"} <= spared
    assert all(name.endswith("weight") and "norm" not in name for name in decayed)
    assert {"stages.0.0.depthwise.weight", "head.classifier.weight"} <= decayed


def test_batch_norm_momentum_reaches_every_norm(tiny):
    model = create(tiny("C-C-C-C", batch_norm_momentum=0.3), seed=0)
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {(layer.momentum, layer.eps) for layer in norms} == {(0.3, 1e-3)}
    assert len(norms) == 1 + 3 * 5


def test_create_changes_what_is_given(tiny):
    model = create(tiny(), image_size=28, classes=3, in_channels=1, drop_path=0.2, seed=0)
    config = model.config
    assert (config.image_size, config.classes, config.in_channels) == (28, 3, 1)
    assert config.drop_path == 0.2
    assert model(torch.rand(2, 1, 28, 28)).shape == (2, 3)
    with pytest.raises(ValueError, match="did you mean"):
        create("coatnet-9")


def test_every_member_of_the_family_builds_without_memory():
    with torch.device("meta"):
        model = create("coatnet-6", seed=0)
    assert model.config is not None
    assert [len(list(stage)) for stage in model.stages] == [2, 4, 8, 42, 2]
    assert model.config.stages == FAMILY["coatnet-6"].stages
    widening = model.stages[3][0]
    assert (widening.stride, widening.shortcut.in_features) == (1, 768)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_networks_learn(tiny, layout):
    torch.manual_seed(0)
    model = create(tiny(layout, batch_norm_momentum=0.1, drop_path=0.1), seed=0)
    images_bchw, targets_b = torch.randn(40, 2, 20, 20), torch.arange(40) % 5
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        functional.cross_entropy(model(images_bchw), targets_b).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        assert functional.cross_entropy(model(images_bchw), targets_b).item() < 0.5


@pytest.mark.slow
def test_networks_export(tiny):
    model = create(tiny(), seed=0).eval()
    images_bchw = torch.rand(4, 2, 20, 20)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(model, (images_bchw[:2],), dynamic_shapes=({0: batch},))
    torch.testing.assert_close(program.module()(images_bchw), model(images_bchw))


@pytest.mark.slow
def test_equal_in_another_process(tiny):
    """Seeding uses no process-salted hash."""
    code = """
        import torch
        from coatnet import BlockType, CoAtNetConfig, StageConfig, StemConfig, create
        stage = StageConfig(block=BlockType.TRANSFORMER, depth=1, width=8)
        config = CoAtNetConfig(stem=StemConfig(width=4), stages=(stage,), head_size=4, image_size=8)
        print(sum(p.double().sum().item() for p in create(config, seed=7).parameters()))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    printed = {subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)}
    assert len(printed) == 1
