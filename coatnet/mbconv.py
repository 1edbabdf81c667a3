"""MBConv with squeeze-and-excitation, pre-activation form (paper, Section 2.1, Figure 4, Eq. 5).

Names: b batch, c channels, h and w rows and columns of a map.
"""

import torch
from torch import nn
from torch.nn import functional

from coatnet.config import CoAtNetConfig, StridePlace
from coatnet.dimensions import BlockOptions, pads_beforehand, squeezed_width
from coatnet.maps import maps, tokens
from coatnet.norms import mbconv_norm
from coatnet.pooling import pool
from coatnet.stochastic_depth import drop_path


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gate computed from the means of all channels.

    The paper gives the ratio 0.25; that it counts from the block's output width, and SiLU inside,
    are MaxViT's and reproduce the published sizes.
    """

    def __init__(self, width: int, squeezed: int) -> None:
        """Build the gate of `width` channels with a bottleneck of `squeezed`."""
        super().__init__()
        self.reduce = nn.Linear(width, squeezed)
        self.expand = nn.Linear(squeezed, width)

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        """Return the gate (b, c) of each channel, between 0 and 1."""
        # Not mean(): its backward writes a whole map of quotients, that of sum() writes nothing.
        mean_bc = x_bchw.sum((2, 3)) / (x_bchw.shape[2] * x_bchw.shape[3])
        return self.expand(functional.silu(self.reduce(mean_bc))).sigmoid()


class MBConv(nn.Module):
    """x + Conv1x1(SE(DepthConv(Conv1x1(Norm(x))))), expanded in between.

    With stride 2: Proj(Pool(x)) + Conv(DepthConv(Conv(Norm(x), stride=2))), Eq. 5, the stride in
    the first 1x1 convolution; `config.mbconv_stride` puts it in the depthwise one (Table 9) or
    pools before the first. All round sizes up. The projection is there only where widths differ.
    Of the convolutions only the last has a bias, because a norm follows the others and not this
    one.
    """

    def __init__(
        self,
        config: CoAtNetConfig,
        options: BlockOptions,
        *,
        in_width: int,
        width: int,
        stride: int,
        drop_path: float = 0.0,
    ) -> None:
        """Build a block of a stage with these options; `drop_path` is its stochastic depth's rate.

        By default, and always in the paper, the kernel is 3x3 and the expansion 4.
        """
        super().__init__()
        self.config = config
        self.options = options
        self.stride = stride
        self.drop_path = drop_path
        # The expansion counts from the output width also in a stage's first block: it is what
        # reproduces the published parameter counts.
        hidden, kernel = options.expansion * width, options.kernel
        in_depthwise = config.mbconv_stride is StridePlace.DEPTHWISE
        self.shortcut = nn.Conv2d(in_width, width, 1) if in_width != width else None
        self.pre_norm = mbconv_norm(config, in_width)
        self.expand = nn.Conv2d(in_width, hidden, 1, bias=False)  # its stride: see _downsampled
        self.expand_norm = mbconv_norm(config, hidden)
        self.depthwise = nn.Conv2d(
            hidden,
            hidden,
            kernel,
            stride if in_depthwise else 1,
            padding=kernel // 2,
            groups=hidden,
            bias=False,
        )
        self.depthwise_norm = mbconv_norm(config, hidden)
        squeezed = squeezed_width(options, width)
        self.squeeze_excitation = SqueezeExcitation(hidden, squeezed) if squeezed else None
        self.project = nn.Conv2d(hidden, width, 1)

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        """Return the map (b, width, h / stride, w / stride), rounded up."""
        y_bchw = self.pre_norm(x_bchw)
        if self.stride != 1:
            y_bchw = self._downsampled(y_bchw)
        y_bchw = self.expand(y_bchw)
        # GELU with erf: the official code's approximation by tanh takes 1.7 times as long on CPUs.
        y_bchw = functional.gelu(self.expand_norm(y_bchw))
        y_bchw = functional.gelu(self.depthwise_norm(self._convolve_depthwise(y_bchw)))
        y_bchw = self._gated_projection(y_bchw)
        if self.stride != 1:
            x_bchw = pool(x_bchw, self.stride, self.config)
        if self.shortcut is not None:
            x_bchw = self.shortcut(x_bchw)
        return x_bchw + drop_path(y_bchw, self.drop_path, self.training)

    def _gated_projection(self, y_bchw: torch.Tensor) -> torch.Tensor:
        """Return Conv1x1(SE(y)), (b, width, h, w)."""
        if self.squeeze_excitation is None:
            return self.project(y_bchw)
        gate_bd = self.squeeze_excitation(y_bchw)
        height, width = y_bchw.shape[2:]
        if height * width < self.project.out_channels:
            return self.project(y_bchw * gate_bd[:, :, None, None])
        # Gating the kernel of each sample instead of its map: the same products, but the expanded
        # map, the largest tensor of the block, is neither written, read nor kept once more.
        kernel_bdc = (self.project.weight[:, :, 0, 0] * gate_bd[:, None]).transpose(1, 2)
        assert self.project.bias is not None
        y_bnc = torch.baddbmm(self.project.bias, tokens(y_bchw), kernel_bdc)
        return maps(y_bnc, (height, width))

    def _downsampled(self, y_bchw: torch.Tensor) -> torch.Tensor:
        match self.config.mbconv_stride:
            case StridePlace.POOL:
                return pool(y_bchw, self.stride, self.config)
            case StridePlace.EXPAND:
                # A strided 1x1 convolution sees only these pixels. It is not left to the
                # convolution: torch 2.13's backward on CPUs writes past its memory with 6 or fewer
                # input channels in channels_last. Same numbers, same time.
                return y_bchw[:, :, :: self.stride, :: self.stride]
        return y_bchw

    def _convolve_depthwise(self, y_bchw: torch.Tensor) -> torch.Tensor:
        layer = self.depthwise
        height, width = y_bchw.shape[2:]
        if not pads_beforehand(self.options, (height, width)):
            return layer(y_bchw)
        return functional.conv2d(
            functional.pad(y_bchw, (self.options.kernel // 2,) * 4),
            layer.weight,
            layer.bias,
            stride=layer.stride,
            groups=layer.groups,
        )
