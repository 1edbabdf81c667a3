"""The parts of a network cost what the network costs."""

import pytest

from coatnet import cost
from coatnet.block_costs import PartCost, block_cost, head_cost, stem_cost
from coatnet.cost import part_costs
from tests.coatnet.random_networks import random_config


@pytest.mark.parametrize("seed", range(100))
def test_parts_of_random_networks_add_up(seed):
    """Each stage's first block takes in another width and map than the others."""
    config = random_config(seed)
    sizes, tables = config.map_sizes, config.bias_map_sizes
    parts, width = [stem_cost(config, sizes[0])], config.stem.width
    for number, stage in enumerate(config.stages):
        total = PartCost(0, 0)
        for block in range(stage.depth):
            price = block_cost(
                config,
                stage,
                widths=(stage.width if block else width, stage.width),
                in_size=sizes[number + (block > 0)],
                size=sizes[number + 1],
                bias_size=tables[number + 1],
            )
            total = PartCost(total.parameters + price.parameters, total.macs + price.macs)
        parts.append(total)
        width = stage.width
    parts.append(head_cost(config, width))
    assert tuple(parts) == part_costs(config)
    price = cost(config)
    assert sum(part.parameters for part in parts) == price.parameters
    assert sum(part.macs for part in parts) == price.macs
