"""The analytic cost against networks that were built and counted."""

import timeit
from dataclasses import replace

import pytest
from torch.utils.flop_counter import FlopCounterMode

from coatnet import FAMILY, CoAtNetConfig, cost
from coatnet.cost import PartCost, part_costs
from coatnet.dimensions import block_options
from tests.coatnet.random_networks import HUNDREDS, build, counted, images, random_config


def priced(config: CoAtNetConfig, image_size: int | None = None) -> PartCost:
    """Return what `counted` must find."""
    price = cost(config, image_size)
    return PartCost(price.parameters, price.macs)


@pytest.mark.slow
@pytest.mark.parametrize("hundred", HUNDREDS)
def test_parameters_and_macs_of_a_thousand_networks_are_exact(hundred):
    for seed in range(100 * hundred, 100 * hundred + 100):
        config = random_config(seed)
        # The counter looks at shapes only, and on the meta device it takes four times as long;
        # benchmarks/cost.py counts all of them there.
        device = "meta" if seed % 10 == 0 else "cpu"
        assert priced(config) == counted(config, device), config


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coatnet-0", "coatnet-5", "coatnet-7"])
def test_cost_of_the_family_is_exact(name):
    assert priced(FAMILY[name]) == counted(FAMILY[name])


def test_another_image_size(tiny):
    assert cost(tiny(), image_size=28) == cost(tiny(image_size=28))
    assert priced(tiny(), 28) == counted(tiny(image_size=28))
    assert cost(tiny(), image_size=(28, 28)) == cost(tiny(), image_size=28)
    assert cost(tiny(), image_size=(28, 12)) == cost(tiny(image_size=(28, 12)))
    assert cost(tiny(), image_size=(28, 12)) != cost(tiny(), image_size=28)
    with pytest.raises(ValueError, match="multiple of the patch"):
        cost(tiny("ViT_REL"), image_size=21)
    with pytest.raises(ValueError, match="image_size must be"):
        cost(tiny(), image_size=0)
    with pytest.raises(ValueError, match="image_size must be"):
        cost(tiny(), image_size=(28, 28, 28))


@pytest.mark.parametrize("name", ["coatnet-28", "coatnet-0", "coatnet-7"])
def test_parts_add_up(name):
    parts, price = part_costs(FAMILY[name]), cost(FAMILY[name])
    assert len(parts) == len(FAMILY[name].stages) + 2
    assert sum(part.parameters for part in parts) == price.parameters
    assert sum(part.macs for part in parts) == price.macs


def step_macs(config: CoAtNetConfig, *, checkpointing: bool) -> int:
    """Return counted FLOPs / 2 of a training step of one image."""
    model = build(config)
    model.checkpoint_activations(checkpointing)
    with FlopCounterMode(display=False) as counter:
        logits_bk = model(images(config, 2))
        logits_bk.sum().backward()
    total, overcounted = counter.get_total_flops(), 0
    # The counter takes the gradient of a depthwise kernel for that of a full one.
    for stage, (rows, columns) in zip(config.stages, config.map_sizes[1:], strict=True):
        inside = block_options(config, stage)
        hidden, kernel = inside.expansion * stage.width, inside.kernel**2
        if stage.block == "C":
            overcounted += stage.depth * kernel * hidden * (hidden - 1) * rows * columns
    assert total % 4 == 0
    return total // 4 - overcounted


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_macs_of_training_are_exact(seed):
    config = random_config(seed)
    price = cost(config)
    assert price.training_macs() == step_macs(config, checkpointing=False)
    again = step_macs(config, checkpointing=True)
    if config.drop_path == 0:
        assert price.training_macs(checkpointing=True) == again
    else:  # the first block's rate is 0, so it is left before its last product
        assert again <= price.training_macs(checkpointing=True) < 1.5 * again


@pytest.mark.parametrize("pool", ["max", "average"])
def test_what_checkpointing_computes_again_where_only_sizes_change(tiny, pool):
    """What pooling takes in is kept last, so the projection before it runs again."""
    config = tiny("C-C-C-C", pool=pool)
    config = replace(config, stages=tuple(replace(stage, width=4) for stage in config.stages))
    again = step_macs(config, checkpointing=True)
    assert cost(config).training_macs(checkpointing=True) == again


def test_a_price_takes_microseconds():
    def whole() -> tuple[int, ...]:
        price = cost(FAMILY["coatnet-7"], 384)
        return (
            price.state_bytes,
            price.activation_bytes(),
            price.activation_bytes("bfloat16"),
            price.activation_bytes("bfloat16", checkpointing=True),
        )

    best = min(timeit.repeat(whole, number=20, repeat=50)) / 20
    assert best < 3e-4, "it takes 0.1 ms; three times that means more than a busy machine"
