"""Batch norms folded into convolutions: the same function of images, with fewer passes over maps.

In evaluation a batch norm is y = s x + t per channel, with fixed s and t; it is folded into the
convolution after it (a 1x1 without padding) or before it.
"""

import copy

import torch
from torch import nn

from coatnet.config import StridePlace
from coatnet.mbconv import MBConv
from coatnet.model import CoAtNet


class FoldedCoAtNet(CoAtNet):
    """What `folded` returns."""

    def train(self, mode: bool = True) -> "FoldedCoAtNet":
        """Refuse to train."""
        if mode:
            raise RuntimeError("a folded network has no batch norms left: train the original")
        return super().train(False)


@torch.no_grad()
def folded(model: CoAtNet) -> CoAtNet:
    """Return a copy of `model` for inference, equal up to rounding (1e-5 in float32).

    It is in evaluation mode and stays so: training it has no meaning and raises. Its parameters
    have other names; save `model`, not the copy.
    """
    found = copy.deepcopy(model).eval()
    _fold_stem(found.stem)
    for block in found.modules():
        if isinstance(block, MBConv):
            _fold_block(block)
    found.__class__ = FoldedCoAtNet
    return found


def _fold_stem(stem: nn.Sequential) -> None:
    for number, layer in enumerate(stem):
        if isinstance(layer, nn.BatchNorm2d):
            stem[number - 1] = _followed_by(stem[number - 1], layer)
            stem[number] = nn.Identity()


def _fold_block(block: MBConv) -> None:
    if not isinstance(block.expand_norm, nn.BatchNorm2d):
        return  # a layer norm depends on the image
    block.expand = _followed_by(block.expand, block.expand_norm)
    block.depthwise = _followed_by(block.depthwise, block.depthwise_norm)
    block.expand_norm = block.depthwise_norm = nn.Identity()
    if block.stride == 1 or block.config.mbconv_stride is not StridePlace.POOL:
        # Pooling lies between the two: the maximum of s x is not s times the maximum of x.
        block.expand = _preceded_by(block.expand, block.pre_norm)
        block.pre_norm = nn.Identity()


def _followed_by(layer: nn.Module, norm: nn.Module) -> nn.Conv2d:
    """Return the convolution that does ``norm(layer(x))``."""
    assert isinstance(layer, nn.Conv2d)
    scale_d, shift_d = _affine(norm)
    bias_d = _bias(layer)
    layer.weight.mul_(scale_d[:, None, None, None])
    bias_d.mul_(scale_d).add_(shift_d)
    return layer


def _preceded_by(layer: nn.Conv2d, norm: nn.Module) -> nn.Conv2d:
    """Return the 1x1 convolution that does ``layer(norm(x))``."""
    scale_c, shift_c = _affine(norm)
    _bias(layer).add_(layer.weight[:, :, 0, 0] @ shift_c)
    layer.weight.mul_(scale_c[:, None, None])
    return layer


def _affine(norm: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    """Return the convolution's bias, which it gets where it has none."""
    if layer.bias is None:
        layer.bias = nn.Parameter(layer.weight.new_zeros(layer.out_channels))
    return layer.bias
