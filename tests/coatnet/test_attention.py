"""Attention against the formulas written out as loops, and its implementations against each other.

y_i = sum_j softmax_j(q_i . k_j / sqrt(d) + w_(i-j)) v_j is y_pre (Eq. 3), and
y_i = sum_j (softmax_j(q_i . k_j / sqrt(d)) + w_(i-j)) v_j is y_post (Eq. 2), for each head.
"""

import math

import pytest
import torch
from torch.nn import functional

from coatnet.attention import RelativeAttention, fused, written_out
from coatnet.config import AttentionType, RelativeBias
from tests.coatnet.options import ATTENTIONS, disturb, inside, options

HEADS, HEAD_SIZE = 2, 2
# divided by windows of 2 or not, in one direction or both; lines; a single cell
SIZES = [(4, 4), (2, 4), (3, 5), (4, 3), (1, 4), (1, 1)]
SHAPES = {"global": (2, 3, 16, 5), "windows": (2, 4, 3, 9, 5)}


def build(
    size: tuple[int, int], *, in_width: int = 3, bias_size: tuple[int, int] | None = None, **changes
) -> RelativeAttention:
    torch.manual_seed(0)
    config = options(head_size=HEAD_SIZE, **changes)
    layer = RelativeAttention(
        config,
        inside(config),
        in_width=in_width,
        width=HEADS * HEAD_SIZE,
        size=size,
        bias_size=bias_size or size,
    )
    disturb(layer)
    return layer.double()


def by_loops(layer: RelativeAttention, x_nc: torch.Tensor, window: int | None) -> torch.Tensor:
    """Attend within one image, cell by cell; `window` is the side of its windows if it has any."""
    rows, columns = layer.size
    down, across = (rows, columns) if window is None else (min(window, rows), min(window, columns))
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    q, k, v = (x_nc @ layer.qkv.weight.T + layer.qkv.bias).split(HEADS * HEAD_SIZE, 1)
    y: list[torch.Tensor] = []
    for i, (row, column) in enumerate(cells):
        same_window = [
            j
            for j, (other_row, other_column) in enumerate(cells)
            if other_row // down == row // down and other_column // across == column // across
        ]
        for head in range(HEADS):
            part = slice(head * HEAD_SIZE, (head + 1) * HEAD_SIZE)
            products, biases = [], []
            for j in same_window:
                products.append((q[i, part] * k[j, part]).sum() / math.sqrt(HEAD_SIZE))
                if layer.positions is not None:
                    offset = (row - cells[j][0] + down - 1, column - cells[j][1] + across - 1)
                    biases.append(layer.positions.table[(head, *offset)])
            weights = weigh(layer, products, biases)
            if layer.attention_type is AttentionType.LINEAR:
                weights = linear_weights(q[i, part], [k[j, part] for j in same_window])
            y.append(sum(w * v[j, part] for w, j in zip(weights, same_window, strict=True)))
    return torch.cat(y).unflatten(0, (len(cells), -1)) @ layer.output.weight.T + layer.output.bias


def weigh(layer, products, biases) -> list[torch.Tensor]:
    """Return the weights of Eq. 3, of Eq. 2, or of neither."""
    if layer.relative_bias is RelativeBias.PRE:
        products = [product + bias for product, bias in zip(products, biases, strict=True)]
    exponentials = [product.exp() for product in products]
    weights = [exponential / sum(exponentials) for exponential in exponentials]
    if layer.relative_bias is RelativeBias.POST:
        weights = [weight + bias for weight, bias in zip(weights, biases, strict=True)]
    return weights


def linear_weights(q_d, k_nd) -> list[torch.Tensor]:
    """Return phi(q) . phi(k_j) over their sum, where phi(x) = x + 1 above 0 and exp(x) below."""

    def phi(z_d):
        return torch.where(z_d > 0, z_d + 1, z_d.exp())

    products = [(phi(q_d) * phi(k_d)).sum() for k_d in k_nd]
    return [product / sum(products) for product in products]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", ATTENTIONS)
def test_attention_is_its_formula(kind, size):
    """Outputs, and the gradients of the input and of every parameter."""
    layer = build(size, **ATTENTIONS[kind])
    x_bnc = torch.randn(2, size[0] * size[1], 3, dtype=torch.float64, requires_grad=True)
    window = ATTENTIONS[kind].get("window")
    expected_bnc = torch.stack([by_loops(layer, x_nc, window) for x_nc in x_bnc])
    found_bnc = layer(x_bnc)
    torch.testing.assert_close(found_bnc, expected_bnc, atol=1e-12, rtol=1e-10)
    weights = torch.randn_like(found_bnc)
    inputs = [x_bnc, *layer.parameters()]
    gradients = [
        torch.autograd.grad((y * weights).sum(), inputs, allow_unused=True, materialize_grads=True)
        for y in (found_bnc, expected_bnc)
    ]
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("window", [3, 5, 9])
@pytest.mark.parametrize("relative_bias", ["pre", "post", "none"])
def test_windows_of_any_size_are_their_formula(window, relative_bias):
    """Also such that are larger than the map in one direction or in both."""
    layer = build((4, 7), attention="window", window=window, relative_bias=relative_bias)
    x_bnc = torch.randn(1, 28, 3, dtype=torch.float64)
    with torch.no_grad():
        expected_nc = by_loops(layer, x_bnc[0], window)
        torch.testing.assert_close(layer(x_bnc)[0], expected_nc, atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("relative_bias", ["pre", "post", "none"])
def test_a_window_that_holds_the_map_is_global_attention(relative_bias):
    windows = build((3, 4), attention="window", window=4, relative_bias=relative_bias)
    everywhere = build((3, 4), relative_bias=relative_bias)
    x_bnc = torch.randn(2, 12, 3, dtype=torch.float64)
    assert torch.equal(windows(x_bnc), everywhere(x_bnc))


def test_cells_see_their_window_and_nothing_else():
    layer = build((5, 5), attention="window", window=2)
    x_bnc = torch.randn(1, 25, 3, dtype=torch.float64)
    changed_bnc = x_bnc.clone()
    changed_bnc[0, 4 * 5 + 1] += 1  # row 4, column 1: in the lowest window, cut off by the edge
    differs_n = (layer(x_bnc) != layer(changed_bnc)).any(2)[0]
    assert differs_n.nonzero().flatten().tolist() == [4 * 5, 4 * 5 + 1]


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_memory_layout_changes_nothing(kind):
    layer = build((3, 4), **ATTENTIONS[kind])
    x_bnc = torch.randn(2, 12, 3, dtype=torch.float64)
    strided_bnc = x_bnc.transpose(1, 2).contiguous().transpose(1, 2)
    assert not strided_bnc.is_contiguous()
    torch.testing.assert_close(layer(strided_bnc), layer(x_bnc), atol=1e-13, rtol=1e-12)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("where", ["global", "windows", "windows over the edge"])
def test_the_fused_kernel_agrees_with_the_formula(where, biased):
    """In every form of bias it is called with: by head, by window for cells outside, their sum."""
    masked, shape = where == "windows over the edge", SHAPES[where.split()[0]]
    torch.manual_seed(0)
    *_, heads, cells, _ = shape
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    bias = None
    if biased:
        bias_hnn = torch.randn(heads, cells, cells, dtype=torch.float64, requires_grad=True)
        inputs.append(bias_hnn)
        bias = bias_hnn
    if masked:
        outside_wnn = torch.zeros(shape[1], 1, 1, cells, dtype=torch.float64)
        outside_wnn[-1, ..., cells // 2 :] = float("-inf")
        bias = outside_wnn if bias is None else bias + outside_wnn
    results = [attend(*inputs[:3], bias) for attend in (written_out, fused)]
    torch.testing.assert_close(*results, atol=1e-12, rtol=1e-10)
    weights = torch.randn_like(results[0])
    gradients = [torch.autograd.grad((y * weights).sum(), inputs) for y in results]
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("relative_bias", ["pre", "post"])
def test_with_positions_alone_attention_is_translation_equivariant(relative_bias):
    """Where all q . k = 0, moved content gives moved results (Section 2.1).

    y_post: wherever the content lies. y_pre is normalised over what the map has around a cell: with
    a bias that reaches one cell far, the same holds for cells that have all neighbours.
    """
    layer = build((6, 6), relative_bias=relative_bias)
    with torch.no_grad():
        layer.qkv.weight[: 2 * HEADS * HEAD_SIZE] = 0
        layer.qkv.bias.zero_()
        if relative_bias == "pre":
            far = torch.ones_like(layer.positions.table, dtype=torch.bool)
            far[:, 4:7, 4:7] = False
            layer.positions.table[far] = float("-inf")
    content = torch.randn(3, 3, 3, dtype=torch.float64)
    here, there = torch.zeros(2, 1, 6, 6, 3, dtype=torch.float64)
    here[0, 0:3, 1:4] = content
    there[0, 2:5, 2:5] = content  # two cells down and one to the right
    with torch.no_grad():
        y, moved = (layer(x.flatten(1, 2)).unflatten(1, (6, 6))[0] for x in (here, there))
    same = (slice(0, 4), slice(0, 5)) if relative_bias == "post" else (slice(1, 3), slice(1, 4))
    shifted = tuple(slice(s.start + by, s.stop + by) for s, by in zip(same, (2, 1), strict=True))
    assert y[same].std() > 0.05
    torch.testing.assert_close(moved[shifted], y[same], atol=1e-13, rtol=1e-12)


def test_a_table_stored_for_another_map_is_resized():
    layer = build((4, 6), bias_size=(2, 3))
    assert layer.positions.table.shape == (HEADS, 3, 5)
    at_size = build((4, 6))
    state = layer.state_dict()
    state["positions.table"] = functional.interpolate(
        layer.positions.table[None], (7, 11), mode="bilinear"
    )[0]
    at_size.load_state_dict(state)
    x_bnc = torch.randn(2, 24, 3, dtype=torch.float64)
    torch.testing.assert_close(layer(x_bnc), at_size(x_bnc))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", ATTENTIONS)
def test_cuda_agrees_with_the_formula(kind):
    layer = build((3, 5), **ATTENTIONS[kind]).float()
    x_bnc = torch.randn(2, 15, 3)
    expected_bnc = layer(x_bnc)
    torch.testing.assert_close(layer.cuda()(x_bnc.cuda()).cpu(), expected_bnc, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_low_precision_attends_too(kind):
    layer = build((3, 5), **ATTENTIONS[kind]).float()
    x_bnc = torch.randn(2, 15, 3)
    with torch.autocast("cpu", torch.bfloat16):
        found_bnc = layer(x_bnc)
    torch.testing.assert_close(found_bnc.float(), layer(x_bnc), atol=0.05, rtol=0.05)


def test_the_index_is_no_part_of_the_state():
    projections = {"qkv.weight", "qkv.bias", "output.weight", "output.bias"}
    assert set(build((2, 2)).state_dict()) == {"positions.table", *projections}
    assert set(build((2, 2), relative_bias="none").state_dict()) == projections


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_gradients(kind):
    layer = build((2, 3), in_width=2, **ATTENTIONS[kind])
    x_bnc = torch.randn(1, 6, 2, dtype=torch.float64, requires_grad=True)
    parameters = dict(layer.named_parameters())
    values = [value.detach().clone().requires_grad_() for value in parameters.values()]

    def attend(x_bnc, *values):
        state = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(layer, state, (x_bnc,))

    assert torch.autograd.gradcheck(attend, (x_bnc, *values))
