"""The norms of MBConv against their definitions, and their constants."""

import pytest
import torch
from torch import nn

from coatnet.norms import ChannelNorm, mbconv_norm
from tests.coatnet.options import disturb, options


def test_batch_norm_has_the_constants_of_the_official_relatives():
    norm = mbconv_norm(options(batch_norm_momentum=0.3), 6)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.eps, norm.momentum, norm.num_features) == (1e-3, 0.3, 6)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("batch", [1, 3])
def test_layer_norm_is_over_the_channels_of_each_cell(batch, memory_format):
    norm = mbconv_norm(options(mbconv_norm="layer"), 6).double()
    assert isinstance(norm, ChannelNorm)
    disturb(norm)
    torch.manual_seed(0)
    x_bchw = torch.randn(batch, 6, 3, 4, dtype=torch.float64)
    expected_bchw = torch.empty_like(x_bchw)
    for image in range(batch):
        for row in range(3):
            for column in range(4):
                x_c = x_bchw[image, :, row, column]
                variance = ((x_c - x_c.mean()) ** 2).mean()
                normed_c = (x_c - x_c.mean()) / (variance + 1e-5).sqrt()
                expected_bchw[image, :, row, column] = normed_c * norm.weight + norm.bias
    found_bchw = norm(x_bchw.contiguous(memory_format=memory_format))
    torch.testing.assert_close(found_bchw, expected_bchw, atol=1e-13, rtol=1e-11)


def test_layer_norm_knows_no_batch():
    """It treats each image alone and alike in training and in evaluation."""
    norm = mbconv_norm(options(mbconv_norm="layer"), 6)
    x_bchw = torch.randn(4, 6, 3, 3)
    together = norm.train()(x_bchw)
    torch.testing.assert_close(norm.eval()(x_bchw[2:3]), together[2:3])
    assert not list(norm.buffers())
