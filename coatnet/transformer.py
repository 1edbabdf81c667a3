"""Transformer blocks with relative attention (paper, Figure 4, Eq. 4).

Names: b batch, c channels, h and w rows and columns of a map, n = h w its cells row by row.
"""

import torch
from torch import nn
from torch.nn import functional

from coatnet.attention import RelativeAttention
from coatnet.cost import EXPANSION
from coatnet.stochastic_depth import drop_path

LAYER_NORM_EPSILON = 1e-5  # as the official relatives (MaxViT)


class TransformerBlock(nn.Module):
    """x + Attention(Norm(x)), then x + FFN(Norm(x)), on tokens.

    With stride 2 the first becomes Proj(Pool(x)) + Attention(Pool(Norm(x))), Eq. 4: max pooling
    2x2 on both branches, after the norm. The projection is there only where widths differ.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: int,
        stride: int,
        in_size: int,
        head_size: int,
        drop_path: float = 0.0,
    ) -> None:
        """Build for maps of `in_size` x `in_size`; `drop_path` is the rate of each branch."""
        super().__init__()
        self.stride = stride
        self.in_size = in_size
        self.size = -(-in_size // stride)
        self.drop_path = drop_path
        self.shortcut = nn.Linear(in_width, width) if in_width != width else None
        self.attention_norm = nn.LayerNorm(in_width, eps=LAYER_NORM_EPSILON)
        self.attention = RelativeAttention(
            in_width=in_width, width=width, head_size=head_size, size=self.size
        )
        self.feed_forward_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, EXPANSION * width), nn.GELU(), nn.Linear(EXPANSION * width, width)
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
        x_bchw = maps(x_bnc, self.in_size)
        return tokens(functional.max_pool2d(x_bchw, self.stride, ceil_mode=True))


class TransformerStage(nn.ModuleList):
    """Transformer blocks one after the other, on tokens in between."""

    def __init__(self, *blocks: TransformerBlock) -> None:
        """Build a stage of the blocks given."""
        super().__init__(blocks)
        self.size = blocks[-1].size

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        """Return the map (b, width, h / stride, w / stride), rounded up."""
        x_bnc = tokens(x_bchw)
        for block in self:
            x_bnc = block(x_bnc)
        return maps(x_bnc, self.size)


def tokens(x_bchw: torch.Tensor) -> torch.Tensor:
    """Return the map as (b, n, c): a view if it lies channels last in memory."""
    return x_bchw.flatten(2).transpose(1, 2)


def maps(x_bnc: torch.Tensor, size: int) -> torch.Tensor:
    """Return tokens as a square map (b, c, size, size), channels last in memory: a view."""
    return x_bnc.transpose(1, 2).unflatten(2, (size, size))
