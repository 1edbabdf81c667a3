"""The options of a single block, for tests that build one without a network."""

from typing import Any

import torch
from torch import nn

from coatnet.config import BlockType, CoAtNetConfig, PoolType, StageConfig, StemConfig, changed
from coatnet.dimensions import BlockOptions, block_options

# Every kind of attention there is: linear attention has no bias.
ATTENTIONS = {
    "y_pre": {},
    "y_post": {"relative_bias": "post"},
    "no bias": {"relative_bias": "none"},
    "windows": {"attention": "window", "window": 2},
    "windows, y_post": {"attention": "window", "window": 2, "relative_bias": "post"},
    "windows, no bias": {"attention": "window", "window": 2, "relative_bias": "none"},
    "linear": {"attention": "linear", "relative_bias": "none"},
}
POOLS = {
    "max 2": {"pool": "max", "pool_size": 2},
    "max 3": {"pool": "max", "pool_size": 3},
    "average 2": {"pool": "average", "pool_size": 2},
    "average 3": {"pool": "average", "pool_size": 3},
}
STRIDES = ("expand", "depthwise", "pool")
# Sides of the depthwise convolution and expansions: the paper's, and others.
INSIDES = {
    "3, 4": {},
    "5, 1": {"kernel": 5, "expansion": 1},
    "7, 3": {"kernel": 7, "expansion": 3},
}


def options(**changes: Any) -> CoAtNetConfig:
    """Describe them: ``options(head_size=4, relative_bias="post")``; the stages do not matter."""
    stage = StageConfig(block=BlockType.CONVOLUTION, depth=1, width=1)
    return changed(CoAtNetConfig(stem=StemConfig(width=1), stages=(stage,)), **changes)


def inside(config: CoAtNetConfig) -> BlockOptions:
    """Return what holds in a stage of `config` that has no options of its own."""
    return block_options(config, config.stages[0])


@torch.no_grad()
def disturb(module: nn.Module, seed: int = 0) -> None:
    """Move all parameters from their start, so that no scale is 1 and no bias is 0."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))


def pooled(x_bchw: torch.Tensor, config: CoAtNetConfig) -> torch.Tensor:
    """Pool with stride 2 by loops: what of each square of cells lies in the map, and no more."""
    before = config.pool_size - 2  # squares of 3 begin one cell before that of 2
    height, width = x_bchw.shape[2:]
    rows: list[torch.Tensor] = []
    for row in range(0, height, 2):
        cells: list[torch.Tensor] = []
        for column in range(0, width, 2):
            square = x_bchw[
                :, :, max(row - before, 0) : row + 2, max(column - before, 0) : column + 2
            ].flatten(2)
            cells.append(square.amax(2) if config.pool is PoolType.MAX else square.mean(2))
        rows.append(torch.stack(cells, -1))
    return torch.stack(rows, -2)
