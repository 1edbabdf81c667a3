"""Transformer blocks against Eq. 4 written out, and tokens against maps."""

import pytest
import torch

from coatnet.config import CoAtNetConfig
from coatnet.maps import maps, tokens
from coatnet.stage import Stage
from coatnet.transformer import BlockSizes, TransformerBlock
from tests.coatnet.options import options


def build(in_width: int, width: int, stride: int, in_size: int, drop_path: float = 0.0):
    torch.manual_seed(0)
    out_size = -(-in_size // stride)
    sizes = BlockSizes(
        input=(in_size, in_size), out=(out_size, out_size), bias=(out_size, out_size)
    )
    block = TransformerBlock(
        options(head_size=2),
        in_width=in_width,
        width=width,
        stride=stride,
        sizes=sizes,
        drop_path=drop_path,
    )
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return block.double()


def norm(x_bnc, layer):
    mean = x_bnc.mean(2, keepdim=True)
    variance = ((x_bnc - mean) ** 2).mean(2, keepdim=True)
    return (x_bnc - mean) / (variance + 1e-5).sqrt() * layer.weight + layer.bias


def pool(x_bnc, size):
    """Max of each 2x2 square; the last row and column of an odd map stand alone."""
    rows = [range(i, min(i + 2, size)) for i in range(0, size, 2)]
    squares = [[r * size + c for r in rs for c in cs] for rs in rows for cs in rows]
    return torch.stack([x_bnc[:, square].amax(1) for square in squares], 1)


def linear(x_bnc, layer):
    return x_bnc @ layer.weight.T + layer.bias


def equation_4(block: TransformerBlock, x_bnc: torch.Tensor) -> torch.Tensor:
    """Proj(Pool(x)) + Attention(Pool(Norm(x))), then x + FFN(Norm(x))."""
    y_bnc = norm(x_bnc, block.attention_norm)
    if block.stride == 2:
        x_bnc, y_bnc = (pool(z_bnc, block.sizes.input[0]) for z_bnc in (x_bnc, y_bnc))
    if block.shortcut is not None:
        x_bnc = linear(x_bnc, block.shortcut)
    x_bnc = x_bnc + block.attention(y_bnc)
    first, _, last = block.feed_forward
    hidden = linear(norm(x_bnc, block.feed_forward_norm), first)
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
    return x_bnc + linear(hidden, last)


@pytest.mark.parametrize(
    ("in_width", "width", "stride", "size"),
    [(4, 4, 1, 3), (3, 4, 1, 3), (3, 4, 2, 4), (3, 4, 2, 5), (4, 4, 2, 4), (4, 4, 2, 1)],
)
def test_block_is_equation_4(in_width, width, stride, size):
    block = build(in_width, width, stride, size)
    x_bnc = torch.randn(2, size * size, in_width, dtype=torch.float64)
    torch.testing.assert_close(block(x_bnc), equation_4(block, x_bnc))
    assert block(x_bnc).shape == (2, block.sizes.out[0] ** 2, width)


def test_widths():
    block = build(3, 4, 2, 4)
    assert block.feed_forward[0].out_features == 16
    assert block.attention.qkv.in_features == 3
    assert block.attention.positions.table.shape == (2, 3, 3)
    assert build(4, 4, 2, 4).shortcut is None


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_stage_maps_to_maps(memory_format):
    config = options(head_size=2, image_size=10).to_dict()
    stages = [{"block": "C", "depth": 1, "width": 3, "stride": 1}]
    stages += [{"block": "T", "depth": 2, "width": 4, "stride": 2}]
    stage = Stage(CoAtNetConfig.from_dict({**config, "stages": stages}), 1).double()
    x_bchw = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    y_bchw = stage(x_bchw.contiguous(memory_format=memory_format))
    first, second = stage
    x_bnc = torch.stack([x_bchw[:, :, i // 5, i % 5] for i in range(25)], 1)
    expected_bnc = second(first(x_bnc))
    assert y_bchw.shape == (2, 4, 3, 3)
    for cell in range(9):
        torch.testing.assert_close(y_bchw[:, :, cell // 3, cell % 3], expected_bnc[:, cell])


def test_tokens_and_maps_copy_nothing():
    x_bchw = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    x_bnc = tokens(x_bchw)
    assert x_bnc.is_contiguous()
    assert x_bnc.data_ptr() == maps(x_bnc, (4, 4)).data_ptr() == x_bchw.data_ptr()
    assert torch.equal(maps(x_bnc, (4, 4)), x_bchw)


def test_a_block_wholly_dropped_is_its_shortcut():
    block = build(4, 4, 1, 3, drop_path=1 - 1e-12)
    x_bnc = torch.randn(2, 9, 4, dtype=torch.float64)
    assert torch.equal(block(x_bnc), x_bnc)


def test_gradients():
    block = build(2, 2, 2, 3)
    x_bnc = torch.randn(1, 9, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, x_bnc)
