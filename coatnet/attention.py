"""Self-attention with relative positions over the cells of a map (paper, Eq. 2 and 3).

Names: b batch, h heads, n cells of a map or window row by row, c channels in, d channels of one
head, w windows.
"""

import torch
from torch import nn
from torch.nn import functional

from coatnet.config import AttentionType, CoAtNetConfig, RelativeBias
from coatnet.dimensions import BlockOptions, Size, attended
from coatnet.relative_position import RelativePositionBias


class RelativeAttention(nn.Module):
    """softmax(q_i . k_j / sqrt(d) + P[i - j]) v_j over all cells j, for each head.

    That is y_pre (Eq. 3), the default; `config` may put P after the softmax (y_post, Eq. 2) or
    leave it out, and may restrict j to i's window. Linear attention has no softmax: features
    phi(q_i) . phi(k_j), normalised over j, with phi(x) = elu(x) + 1 (arXiv 2006.16236, which the
    paper cites for its option C). The scaling and the biases of the projections are not in the
    paper but in the official relatives. Where widths change, q, k and v project straight to the
    new width.
    """

    def __init__(
        self,
        config: CoAtNetConfig,
        options: BlockOptions,
        *,
        in_width: int,
        width: int,
        size: Size,
        bias_size: Size,
    ) -> None:
        """Build for a map of `size`, tables stored for `bias_size`; head_size divides `width`."""
        super().__init__()
        self.attention_type = config.attention
        self.relative_bias = config.relative_bias
        self.head_size = options.head_size
        self.size = size
        self.window = attended(config, size)
        self.qkv = nn.Linear(in_width, 3 * width)
        self.positions = (
            RelativePositionBias(
                heads=width // options.head_size,
                size=self.window,
                stored_size=attended(config, bias_size),
            )
            if config.relative_bias is not RelativeBias.NONE
            else None
        )
        self.output = nn.Linear(width, width)

    def forward(self, x_bnc: torch.Tensor) -> torch.Tensor:
        """Return (b, n, width)."""
        qkv_bnshd = self.qkv(x_bnc).unflatten(2, (3, -1, self.head_size))
        if self.window == self.size:
            q_bhnd, k_bhnd, v_bhnd = qkv_bnshd.permute(2, 0, 3, 1, 4).unbind(0)
            y_bnc = self._attend(q_bhnd, k_bhnd, v_bhnd).transpose(1, 2).flatten(2)
        else:
            y_bnc = self._in_windows(qkv_bnshd)
        return self.output(y_bnc)

    def _attend(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the attended values, in the shape of q, k and v: (..., h, n, d)."""
        if self.attention_type is AttentionType.LINEAR:
            return linear(q, k, v)
        bias = self.positions() if self.positions is not None else None
        if self.relative_bias is RelativeBias.POST:
            return written_out(q, k, v, mask, bias)
        if mask is not None:
            bias = mask if bias is None else bias + mask
        # On CPUs a fused kernel with a learnt bias trains 2.4 times slower than the formula.
        return fused(q, k, v, bias) if q.is_cuda else written_out(q, k, v, bias)

    def _in_windows(self, qkv_bnshd: torch.Tensor) -> torch.Tensor:
        """Attend within each window; windows that reach over the map's edge are filled up."""
        (height, width), (rows, columns) = self.size, self.window
        below, right = -height % rows, -width % columns
        down, across = (height + below) // rows, (width + right) // columns
        x_bijshd = qkv_bnshd.unflatten(1, (height, width))
        x_bijshd = functional.pad(x_bijshd, (0, 0, 0, 0, 0, 0, 0, right, 0, below))
        x_bwrvcshd = x_bijshd.unflatten(2, (across, columns)).unflatten(1, (down, rows))
        q, k, v = x_bwrvcshd.permute(5, 0, 1, 3, 6, 2, 4, 7).flatten(5, 6).flatten(2, 3).unbind(0)
        mask = self._outside_wnn(q) if below or right else None
        y_bwhnd = self._attend(q, k, v, mask)
        y_bwvhrcd = y_bwhnd.unflatten(3, (rows, columns)).unflatten(1, (down, across))
        y_bijhd = y_bwvhrcd.permute(0, 1, 4, 2, 5, 3, 6).flatten(3, 4).flatten(1, 2)
        return y_bijhd[:, :height, :width].flatten(3).flatten(1, 2)

    def _outside_wnn(self, like: torch.Tensor) -> torch.Tensor:
        """Return (w, 1, 1, n): minus infinity for the cells beyond the map's edge, else 0."""
        (height, width), (rows, columns) = self.size, self.window
        below, right = -height % rows, -width % columns
        inside_ij = like.new_zeros(height, width)
        filled_ij = functional.pad(inside_ij, (0, right, 0, below), value=float("-inf"))
        windows = filled_ij.unflatten(1, (-1, columns)).unflatten(0, (-1, rows))
        return windows.permute(0, 2, 1, 3).flatten(2).flatten(0, 1)[:, None, None]


def written_out(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    bias: torch.Tensor | None,
    weight_bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the attended values (..., h, n, d), by the formula.

    `bias` is added to the logits (Eq. 3), `weight_bias` to the weights (Eq. 2).
    """
    logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if bias is not None:
        logits = logits.add_(bias)
    weights = logits.softmax(-1)
    if weight_bias is not None:
        weights = weights + weight_bias.to(weights.dtype)
    return weights @ v


def fused(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """Return the attended values (..., h, n, d), by torch's fused kernels."""
    batch = q.shape[:-3]
    if bias is not None:
        # Only windows with masks of their own make more of it than a view.
        like = batch if bias.ndim > 3 else (batch.numel(),)
        bias = bias.to(q.dtype).expand(*like, *q.shape[-3:-1], -1).flatten(0, -4)
    # The fused kernels know one axis of batches, windows have two.
    q, k, v = (x.flatten(0, -4) for x in (q, k, v))
    y = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    return y.unflatten(0, batch)


def linear(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Return the attended values (..., h, n, d), at a cost that is linear in n."""
    q, k = functional.elu(q) + 1, functional.elu(k) + 1
    summed = k.sum(-2).unsqueeze(-1)
    return (q @ (k.transpose(-2, -1) @ v)) / (q @ summed)
