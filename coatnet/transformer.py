"""Transformer blocks with relative attention (paper, Figure 4, Eq. 4).

Names: b batch, c channels, h and w rows and columns of a map, n = h w its cells row by row.
"""

from dataclasses import dataclass

import torch
from torch import nn

from coatnet.attention import RelativeAttention
from coatnet.config import CoAtNetConfig
from coatnet.dimensions import BlockOptions, Size
from coatnet.maps import maps, tokens
from coatnet.norms import LAYER_NORM_EPSILON
from coatnet.pooling import pool
from coatnet.stochastic_depth import drop_path


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockSizes:
    """The maps of a block: what comes in, what goes out, and what its table is stored for."""

    input: Size
    out: Size
    bias: Size


class TransformerBlock(nn.Module):
    """x + Attention(Norm(x)), then x + FFN(Norm(x)), on tokens.

    With stride 2 the first becomes Proj(Pool(x)) + Attention(Pool(Norm(x))), Eq. 4: pooling on
    both branches, after the norm. The projection is there only where widths differ.
    """

    def __init__(
        self,
        config: CoAtNetConfig,
        options: BlockOptions,
        *,
        in_width: int,
        width: int,
        stride: int,
        sizes: BlockSizes,
        drop_path: float = 0.0,
    ) -> None:
        """Build a block of a stage with these options; each branch is dropped at `drop_path`."""
        super().__init__()
        self.config = config
        self.stride = stride
        self.sizes = sizes
        self.drop_path = drop_path
        self.shortcut = nn.Linear(in_width, width) if in_width != width else None
        self.attention_norm = nn.LayerNorm(in_width, eps=LAYER_NORM_EPSILON)
        self.attention = RelativeAttention(
            config, options, in_width=in_width, width=width, size=sizes.out, bias_size=sizes.bias
        )
        self.feed_forward_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        hidden = options.expansion * width
        self.feed_forward = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)
        )

    def forward(self, x_bnc: torch.Tensor) -> torch.Tensor:
        """Return tokens (b, n / stride^2, width), each side of the map rounded up."""
        y_bnc = self.attention_norm(x_bnc)
        if self.stride != 1:
            x_bnc, y_bnc = self._pool(x_bnc), self._pool(y_bnc)
        if self.shortcut is not None:
            x_bnc = self.shortcut(x_bnc)
        x_bnc = x_bnc + drop_path(self.attention(y_bnc), self.drop_path, self.training)
        y_bnc = self.feed_forward(self.feed_forward_norm(x_bnc))
        return x_bnc + drop_path(y_bnc, self.drop_path, self.training)

    def _pool(self, x_bnc: torch.Tensor) -> torch.Tensor:
        return tokens(pool(maps(x_bnc, self.sizes.input), self.stride, self.config))
