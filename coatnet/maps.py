"""Feature maps as tokens and back, without a copy where they lie channels last in memory.

Permuted with all four axes apart: where rows and columns are joined first, a batch of one gets
strides that torch 2.13's batch norm on CPUs takes for another order, and its gradients are wrong.

Names: b batch, c channels, h and w rows and columns of a map, n = h w its cells row by row.
"""

import torch

from coatnet.dimensions import Size


def tokens(x_bchw: torch.Tensor) -> torch.Tensor:
    """Return the map as (b, n, c): a view if it lies channels last in memory."""
    return x_bchw.permute(0, 2, 3, 1).flatten(1, 2)


def maps(x_bnc: torch.Tensor, size: Size) -> torch.Tensor:
    """Return tokens as a map (b, c, h, w) of `size`, channels last in memory: a view."""
    return x_bnc.unflatten(1, size).permute(0, 3, 1, 2)
