"""Stems: sizes, order of layers, patches."""

import pytest
import torch
from torch import nn

from coatnet.config import StemConfig, StemType
from coatnet.stem import Stem


def build(**fields) -> Stem:
    return Stem(StemConfig(**fields), in_channels=2, batch_norm_momentum=0.1)


def test_two_layers_as_maxvit():
    stem = build(width=4)
    assert [type(layer) for layer in stem] == [nn.Conv2d, nn.BatchNorm2d, nn.GELU, nn.Conv2d]
    assert [stem[0].stride, stem[3].stride] == [(2, 2), (1, 1)]
    assert stem[0].bias is not None
    assert stem[3].bias is not None
    assert (stem[1].eps, stem[1].momentum) == (1e-3, 0.1)
    assert stem[2].approximate == "none"


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("size", [1, 7, 8, 28])
def test_sizes_round_up(depth, stride, size):
    map_bchw = build(width=4, depth=depth, stride=stride)(torch.rand(2, 2, size, size))
    assert map_bchw.shape == (2, 4, -(-size // stride), -(-size // stride))


def test_patches_are_independent_of_each_other():
    stem = build(type=StemType.PATCH, width=6, depth=1, stride=4)
    images_bchw = torch.rand(1, 2, 8, 8)
    changed_bchw = images_bchw.clone()
    changed_bchw[:, :, :4, 4:] += 1
    differs_hw = (stem(images_bchw) != stem(changed_bchw)).any(1)[0]
    assert differs_hw.tolist() == [[False, True], [False, False]]


def test_patches_are_one_matrix_for_all():
    """Each patch, flattened, times the kernel: also where images are not square."""
    torch.manual_seed(0)
    stem = build(type=StemType.PATCH, width=6, depth=1, stride=3).double()
    (layer,) = stem
    images_bchw = torch.randn(2, 2, 6, 9, dtype=torch.float64)
    found_bchw = stem(images_bchw)
    assert found_bchw.shape == (2, 6, 2, 3)
    for row in range(2):
        for column in range(3):
            patch_bchw = images_bchw[:, :, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
            expected_bc = patch_bchw.flatten(1) @ layer.weight.flatten(1).T + layer.bias
            torch.testing.assert_close(found_bchw[:, :, row, column], expected_bc)


def test_images_that_are_not_square():
    assert build(width=4)(torch.rand(2, 2, 28, 41)).shape == (2, 4, 14, 21)


@pytest.mark.parametrize("fields", [{}, {"type": StemType.PATCH, "depth": 1}])
def test_gradients(fields):
    stem = build(width=2, **fields).double()
    images_bchw = torch.randn(2, 2, 4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(stem, images_bchw)
