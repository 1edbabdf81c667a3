"""The options of a single block, for tests that build one without a network."""

from typing import Any

import torch
from torch import nn

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, changed

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


def options(**changes: Any) -> CoAtNetConfig:
    """Describe them: ``options(head_size=4, relative_bias="post")``; the stages do not matter."""
    stage = StageConfig(block=BlockType.CONVOLUTION, depth=1, width=1)
    return changed(CoAtNetConfig(stem=StemConfig(width=1), stages=(stage,)), **changes)


@torch.no_grad()
def disturb(module: nn.Module, seed: int = 0) -> None:
    """Move all parameters from their start, so that no scale is 1 and no bias is 0."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
