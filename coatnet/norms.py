"""Normalisation, with the constants of the official relatives (MaxViT); the paper gives none.

Names: b batch, c channels, h and w rows and columns of a map.
"""

import torch
from torch import nn

from coatnet.config import CoAtNetConfig, NormType

BATCH_NORM_EPSILON = 1e-3
LAYER_NORM_EPSILON = 1e-5


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of each cell of a map."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return the map (b, c, h, w), normed, channels last in memory."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def mbconv_norm(config: CoAtNetConfig, width: int) -> nn.Module:
    """Return the norm of an MBConv block on `width` channels: batch, or layer (Table 8)."""
    if config.mbconv_norm is NormType.LAYER:
        return ChannelNorm(width, eps=LAYER_NORM_EPSILON)
    return nn.BatchNorm2d(width, eps=BATCH_NORM_EPSILON, momentum=config.batch_norm_momentum)
