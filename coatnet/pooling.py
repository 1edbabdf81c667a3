"""Down-sampling by pooling (paper, Eq. 4 and 5).

Names: b batch, c channels, h and w rows and columns of a map.
"""

import torch
from torch.nn import functional

from coatnet.config import CoAtNetConfig, PoolType


def pool(x_bchw: torch.Tensor, stride: int, config: CoAtNetConfig) -> torch.Tensor:
    """Return the map (b, c, h / stride, w / stride), rounded up.

    Cells of `pool_size` x `pool_size` become one: with 2 they do not overlap (the official
    relatives'), with 3 they do. Cells beyond the map's edge do not count. The paper says "max
    pooling with stride 2" for transformer blocks and nothing for MBConv; the default is max 2x2
    for both.
    """
    padding = config.pool_size - 2
    # Both ways of rounding give h / stride rounded up: with 3 the padding does it.
    ceil_mode = config.pool_size == 2
    if config.pool is PoolType.MAX:
        return functional.max_pool2d(x_bchw, config.pool_size, stride, padding, 1, ceil_mode)
    return functional.avg_pool2d(
        x_bchw, config.pool_size, stride, padding, ceil_mode, count_include_pad=False
    )
