"""Feature maps as tokens and back, without a copy where they lie channels last in memory.

Names: b batch, c channels, h and w rows and columns of a map, n = h w its cells row by row.
"""

import torch

from coatnet.cost import Size


def tokens(x_bchw: torch.Tensor) -> torch.Tensor:
    """Return the map as (b, n, c): a view if it lies channels last in memory."""
    return x_bchw.flatten(2).transpose(1, 2)


def maps(x_bnc: torch.Tensor, size: Size) -> torch.Tensor:
    """Return tokens as a map (b, c, h, w) of `size`, channels last in memory: a view."""
    return x_bnc.transpose(1, 2).unflatten(2, size)
