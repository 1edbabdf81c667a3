"""Relative attention against Eq. 3 written out, and its two implementations against each other."""

import math

import pytest
import torch

from coatnet.attention import RelativeAttention, fused, written_out
from coatnet.relative_position import relative_index
from tests.coatnet.options import options


def build(in_width: int, width: int, head_size: int, size: int) -> RelativeAttention:
    torch.manual_seed(0)
    square = (size, size)
    layer = RelativeAttention(
        options(head_size=head_size), in_width=in_width, width=width, size=square, bias_size=square
    )
    with torch.no_grad():
        layer.positions.table.normal_()
    return layer.double()


def equation_3(layer: RelativeAttention, x_nc: torch.Tensor, size: int) -> torch.Tensor:
    """One image, in loops: y_i = sum_j softmax_j(x_i . x_j / sqrt(d) + w_(i-j)) x_j, per head."""
    width, d = layer.output.out_features, layer.head_size
    q, k, v = (x_nc @ layer.qkv.weight.T + layer.qkv.bias).split(width, 1)
    cells = [(row, column) for row in range(size) for column in range(size)]
    y = torch.zeros(len(cells), width, dtype=torch.float64)
    for head in range(width // d):
        part = slice(head * d, (head + 1) * d)
        for i, (row, column) in enumerate(cells):
            logits = []
            for j, (other_row, other_column) in enumerate(cells):
                offset = (row - other_row + size - 1, column - other_column + size - 1)
                bias = layer.positions.table[(head, *offset)].item()
                product = sum(a * b for a, b in zip(q[i, part], k[j, part], strict=True)).item()
                logits.append(product / math.sqrt(d) + bias)
            total = sum(math.exp(logit) for logit in logits)
            for j, logit in enumerate(logits):
                y[i, part] += math.exp(logit) / total * v[j, part]
    return y @ layer.output.weight.T + layer.output.bias


@pytest.mark.parametrize(("in_width", "width", "size"), [(6, 6, 3), (4, 6, 2), (5, 3, 1)])
def test_attention_is_equation_3(in_width, width, size):
    layer = build(in_width, width, head_size=3, size=size)
    x_bnc = torch.randn(2, size * size, in_width, dtype=torch.float64)
    with torch.no_grad():
        expected_bnc = torch.stack([equation_3(layer, x_nc, size) for x_nc in x_bnc])
        torch.testing.assert_close(layer(x_bnc), expected_bnc)


@pytest.mark.parametrize("size", [1, 2, 7, 14])
def test_every_offset_has_a_place_of_its_own(size):
    index_nn = relative_index((size, size))
    places: dict[tuple[int, int], set[int]] = {}
    for i in range(size * size):
        for j in range(size * size):
            offset = (i // size - j // size, i % size - j % size)
            places.setdefault(offset, set()).add(int(index_nn[i, j]))
    assert len(places) == (2 * size - 1) ** 2
    assert all(len(found) == 1 for found in places.values())
    assert len(set.union(*places.values())) == (2 * size - 1) ** 2


def test_both_implementations_agree():
    torch.manual_seed(0)
    inputs = [torch.randn(2, 3, 16, 5, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    bias_hnn = torch.randn(3, 16, 16, dtype=torch.float64, requires_grad=True)
    results = [attend(*inputs, bias_hnn) for attend in (written_out, fused)]
    torch.testing.assert_close(*results)
    weights = torch.randn_like(results[0])
    gradients = [torch.autograd.grad((y * weights).sum(), [*inputs, bias_hnn]) for y in results]
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_formula():
    layer = build(6, 6, head_size=3, size=4).float()
    x_bnc = torch.randn(2, 16, 6)
    expected_bnc = layer(x_bnc)
    torch.testing.assert_close(layer.cuda()(x_bnc.cuda()).cpu(), expected_bnc, atol=1e-4, rtol=1e-4)


def test_low_precision_attends_too():
    layer = build(6, 6, head_size=3, size=4).float()
    x_bnc = torch.randn(2, 16, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found_bnc = layer(x_bnc)
    torch.testing.assert_close(found_bnc.float(), layer(x_bnc), atol=0.05, rtol=0.05)


def test_the_index_is_no_part_of_the_state():
    assert set(build(6, 6, head_size=3, size=2).state_dict()) == {
        "positions.table",
        "qkv.weight",
        "qkv.bias",
        "output.weight",
        "output.bias",
    }


def test_gradients():
    layer = build(3, 4, head_size=2, size=2)
    x_bnc = torch.randn(1, 4, 3, dtype=torch.float64, requires_grad=True)
    table = layer.positions.table.detach().clone().requires_grad_()

    def attend(x_bnc, table):
        return torch.func.functional_call(layer, {"positions.table": table}, (x_bnc,))

    assert torch.autograd.gradcheck(attend, (x_bnc, table))
