"""Transformer blocks against Eq. 4 written out, and tokens against maps."""

import pytest
import torch

from coatnet.config import CoAtNetConfig
from coatnet.maps import maps, tokens
from coatnet.stage import Stage
from coatnet.transformer import BlockSizes, TransformerBlock
from tests.coatnet.options import ATTENTIONS, POOLS, disturb, inside, options, pooled

SIZES = [(4, 4), (5, 5), (3, 6), (1, 5), (1, 1)]


def build(
    in_width: int,
    width: int,
    stride: int,
    size: tuple[int, int],
    drop_path: float = 0.0,
    **changes,
) -> TransformerBlock:
    torch.manual_seed(0)
    out_size = (-(-size[0] // stride), -(-size[1] // stride))
    config = options(head_size=2, **changes)
    block = TransformerBlock(
        config,
        inside(config),
        in_width=in_width,
        width=width,
        stride=stride,
        sizes=BlockSizes(input=size, out=out_size, bias=out_size),
        drop_path=drop_path,
    )
    disturb(block)
    return block.double()


def norm(x_bnc, layer):
    mean = x_bnc.mean(2, keepdim=True)
    variance = ((x_bnc - mean) ** 2).mean(2, keepdim=True)
    return (x_bnc - mean) / (variance + 1e-5).sqrt() * layer.weight + layer.bias


def pool(x_bnc, block):
    height, width = block.sizes.input
    rows = [x_bnc[:, row * width : (row + 1) * width] for row in range(height)]
    squares_bchw = pooled(torch.stack(rows, 1).movedim(3, 1), block.config)
    cells = [
        row_bcw[:, :, column]
        for row_bcw in squares_bchw.unbind(2)
        for column in range(row_bcw.shape[2])
    ]
    return torch.stack(cells, 1)


def linear(x_bnc, layer):
    return x_bnc @ layer.weight.T + layer.bias


def equation_4(block: TransformerBlock, x_bnc: torch.Tensor) -> torch.Tensor:
    """Proj(Pool(x)) + Attention(Pool(Norm(x))), then x + FFN(Norm(x))."""
    y_bnc = norm(x_bnc, block.attention_norm)
    if block.stride == 2:
        x_bnc, y_bnc = (pool(z_bnc, block) for z_bnc in (x_bnc, y_bnc))
    if block.shortcut is not None:
        x_bnc = linear(x_bnc, block.shortcut)
    x_bnc = x_bnc + block.attention(y_bnc)  # against its own formula in test_attention.py
    first, _, last = block.feed_forward
    hidden = linear(norm(x_bnc, block.feed_forward_norm), first)
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
    return x_bnc + linear(hidden, last)


def assert_is_equation_4(block: TransformerBlock, x_bnc: torch.Tensor) -> None:
    """In outputs and in the gradients of the input and of all parameters."""
    inputs = [x_bnc.requires_grad_(), *block.parameters()]
    found_bnc, expected_bnc = block(x_bnc), equation_4(block, x_bnc)
    torch.testing.assert_close(found_bnc, expected_bnc, atol=1e-12, rtol=1e-10)
    weights = torch.randn_like(found_bnc)
    gradients = [
        torch.autograd.grad((y * weights).sum(), inputs) for y in (found_bnc, expected_bnc)
    ]
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-8)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", POOLS)
def test_downsampling_is_equation_4(kind, size):
    block = build(3, 4, 2, size, **POOLS[kind])
    assert_is_equation_4(block, torch.randn(2, size[0] * size[1], 3, dtype=torch.float64))
    assert block(torch.randn(2, size[0] * size[1], 3, dtype=torch.float64)).shape == (
        2,
        block.sizes.out[0] * block.sizes.out[1],
        4,
    )


@pytest.mark.parametrize(("in_width", "width", "stride"), [(4, 4, 1), (3, 4, 1), (4, 4, 2)])
@pytest.mark.parametrize("kind", ATTENTIONS)
def test_block_is_equation_4(kind, in_width, width, stride):
    block = build(in_width, width, stride, (3, 5), **ATTENTIONS[kind])
    assert_is_equation_4(block, torch.randn(2, 15, in_width, dtype=torch.float64))


@pytest.mark.parametrize("expansion", [1, 3, 8])
def test_expansions(expansion):
    block = build(3, 4, 2, (3, 5), expansion=expansion)
    assert block.feed_forward[0].out_features == 4 * expansion
    assert_is_equation_4(block, torch.randn(2, 15, 3, dtype=torch.float64))


def test_widths():
    block = build(3, 4, 2, (4, 4))
    assert block.feed_forward[0].out_features == 16
    assert block.attention.qkv.in_features == 3
    assert block.attention.positions.table.shape == (2, 3, 3)
    assert build(4, 4, 2, (4, 4)).shortcut is None


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_stage_maps_to_maps(memory_format):
    config = options(head_size=2, image_size=(10, 14)).to_dict()
    stages = [{"block": "C", "depth": 1, "width": 3, "stride": 1}]
    stages += [{"block": "T", "depth": 2, "width": 4, "stride": 2}]
    stage = Stage(CoAtNetConfig.from_dict({**config, "stages": stages}), 1).double()
    x_bchw = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    y_bchw = stage(x_bchw.contiguous(memory_format=memory_format))
    first, second = stage
    x_bnc = torch.stack([x_bchw[:, :, i // 7, i % 7] for i in range(35)], 1)
    expected_bnc = second(first(x_bnc))
    assert y_bchw.shape == (2, 4, 3, 4)
    for cell in range(12):
        torch.testing.assert_close(y_bchw[:, :, cell // 4, cell % 4], expected_bnc[:, cell])


def test_tokens_and_maps_copy_nothing():
    x_bchw = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    x_bnc = tokens(x_bchw)
    assert x_bnc.is_contiguous()
    assert x_bnc.data_ptr() == maps(x_bnc, (4, 5)).data_ptr() == x_bchw.data_ptr()
    assert torch.equal(maps(x_bnc, (4, 5)), x_bchw)


def test_a_block_wholly_dropped_is_its_shortcut():
    block = build(4, 4, 1, (3, 3), drop_path=1 - 1e-12)
    x_bnc = torch.randn(2, 9, 4, dtype=torch.float64)
    assert torch.equal(block(x_bnc), x_bnc)


@pytest.mark.parametrize("pool_kind", ["max 2", "average 3"])
@pytest.mark.parametrize("kind", ATTENTIONS)
def test_gradients(kind, pool_kind):
    """By differences, on tokens that come from a map in either order of memory."""
    block = build(2, 4, 2, (3, 4), **ATTENTIONS[kind], **POOLS[pool_kind])
    x_bchw = torch.randn(1, 2, 3, 4, dtype=torch.float64)
    for memory_format in (torch.contiguous_format, torch.channels_last):
        ordered_bchw = x_bchw.contiguous(memory_format=memory_format).detach().requires_grad_()
        assert torch.autograd.gradcheck(lambda x: block(tokens(x)), ordered_bchw)
