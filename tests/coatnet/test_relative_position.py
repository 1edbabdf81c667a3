"""The bias of relative positions: one place per offset, resized as in loops, never out of date."""

import copy
import math

import pytest
import torch
from torch import nn

from coatnet import create
from coatnet.relative_position import RelativePositionBias, relative_index, resized, table_shape

SIZES = [(1, 1), (2, 2), (7, 7), (14, 14), (1, 5), (3, 4), (6, 2), (7, 12)]


def build(size=(3, 4), stored_size=None, heads=2) -> RelativePositionBias:
    layer = RelativePositionBias(heads=heads, size=size, stored_size=stored_size or size)
    torch.manual_seed(0)
    nn.init.normal_(layer.table)
    return layer.eval()


def gathered(layer: RelativePositionBias) -> torch.Tensor:
    """Return the bias by definition: P[i - i' + H, j - j' + W], counted from 1 (Section 3)."""
    height, width = layer.size
    cells = [(row, column) for row in range(height) for column in range(width)]
    found = [
        [layer.table[:, i - k + height - 1, j - m + width - 1] for k, m in cells] for i, j in cells
    ]
    return torch.stack([torch.stack(row, 1) for row in found], 1)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_offset_has_a_place_of_its_own(size):
    height, width = size
    index_nn = relative_index(size).tolist()
    places: dict[tuple[int, int], set[int]] = {}
    for i in range(height * width):
        for j in range(height * width):
            offset = (i // width - j // width, i % width - j % width)
            places.setdefault(offset, set()).add(index_nn[i][j])
    assert len(places) == (2 * height - 1) * (2 * width - 1) == math.prod(table_shape(size))
    assert all(len(found) == 1 for found in places.values())
    assert set.union(*places.values()) == set(range(math.prod(table_shape(size))))


@pytest.mark.parametrize("size", [(3, 3), (2, 5), (4, 1)], ids=str)
def test_the_bias_is_its_definition(size):
    layer = build(size)
    with torch.no_grad():
        assert torch.equal(layer(), gathered(layer))


def test_pairs_at_one_offset_share_their_bias():
    """Translation: the bias of a pair is that of the pair moved, wherever both lie in the map."""
    bias_hijkm = build((4, 5))().unflatten(2, (4, 5)).unflatten(1, (4, 5))
    here = bias_hijkm[:, :-1, :-2, :-1, :-2]
    moved = bias_hijkm[:, 1:, 2:, 1:, 2:]
    assert torch.equal(here, moved)


def by_loops(table_hij: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """Resize bilinearly: pixels have their centres at halves, and the edge continues itself."""

    def neighbours(place: int, source: int, target: int):
        centre = min(max((place + 0.5) * source / target - 0.5, 0.0), source - 1.0)
        low = math.floor(centre)
        return low, min(low + 1, source - 1), centre - low

    found = torch.zeros(len(table_hij), *shape, dtype=table_hij.dtype)
    for row in range(shape[0]):
        top, bottom, down = neighbours(row, table_hij.shape[1], shape[0])
        for column in range(shape[1]):
            left, right, across = neighbours(column, table_hij.shape[2], shape[1])
            above = (1 - across) * table_hij[:, top, left] + across * table_hij[:, top, right]
            below = (1 - across) * table_hij[:, bottom, left] + across * table_hij[:, bottom, right]
            found[:, row, column] = (1 - down) * above + down * below
    return found


RESIZES = [
    ((14, 14), (24, 24)),  # 224 to 384 pixels
    ((14, 14), (32, 32)),  # 224 to 512
    ((24, 24), (14, 14)),
    ((7, 7), (7, 12)),
    ((3, 4), (6, 2)),
    ((1, 1), (3, 2)),
]


@pytest.mark.parametrize(("stored", "size"), RESIZES, ids=str)
def test_tables_are_resized_bilinearly(stored, size):
    table_hij = torch.randn(2, *table_shape(stored), dtype=torch.float64)
    expected_hij = by_loops(table_hij, table_shape(size))
    found_hij = resized(table_hij, table_shape(size))
    torch.testing.assert_close(found_hij, expected_hij, atol=1e-12, rtol=1e-10)
    layer = build(size, stored).double()
    with torch.no_grad():
        layer.table.copy_(table_hij)
        at_size = build(size).double()
        at_size.table.copy_(expected_hij)
        torch.testing.assert_close(layer(), at_size(), atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize(("stored", "size"), RESIZES, ids=str)
def test_the_centre_stays_the_centre(stored, size):
    """The offset (0, 0) keeps its bias, and a symmetric table stays symmetric."""
    table_hij = torch.randn(2, *table_shape(stored), dtype=torch.float64)
    table_hij = table_hij + table_hij.flip(1, 2)
    found_hij = resized(table_hij, table_shape(size))
    centre = found_hij[:, size[0] - 1, size[1] - 1]
    torch.testing.assert_close(centre, table_hij[:, stored[0] - 1, stored[1] - 1])
    torch.testing.assert_close(found_hij, found_hij.flip(1, 2))


def test_resizing_passes_gradients_to_the_stored_table():
    layer = build((3, 4), (2, 2)).double()

    def bias(table):
        return torch.func.functional_call(layer, {"table": table}, ())

    assert torch.autograd.gradcheck(bias, layer.table.detach().clone().requires_grad_())


def test_the_bias_is_gathered_once_while_nothing_changes():
    layer = build()
    with torch.no_grad():
        assert layer() is layer()
        layer.table.add_(1)
        assert torch.equal(layer(), gathered(layer))


def step(layer, **options):
    """Take a step whose gradient comes from elsewhere, as from a compiled pass."""
    layer.train()
    layer.table.grad = torch.ones_like(layer.table)
    torch.optim.AdamW(layer.parameters(), lr=0.1, **options).step()
    layer.eval()


CHANGES = {
    "in place": lambda layer: layer.table.mul_(3),
    "AdamW": lambda layer: step(layer, foreach=False),
    "AdamW, foreach": lambda layer: step(layer, foreach=True),
    "AdamW, fused": lambda layer: step(layer, fused=True),
    "load_state_dict": lambda layer: layer.load_state_dict({"table": 2 * layer.table}),
    "load_state_dict, assigned": lambda layer: layer.load_state_dict(
        {"table": 2 * layer.table}, assign=True
    ),
    "another parameter": lambda layer: setattr(layer, "table", nn.Parameter(2 * layer.table)),
    "other data": lambda layer: setattr(layer.table, "data", 2 * layer.table),
    "data, then eval": lambda layer: (layer.table.data.mul_(2), layer.eval()),
    "double": lambda layer: layer.double(),
    "half and back": lambda layer: layer.half().float(),
    "bfloat16": lambda layer: layer.bfloat16(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_bias_is_never_out_of_date(change):
    layer = build()
    with torch.no_grad():
        for _ in range(3):
            layer()
            change(layer)
            found = layer()
            assert found.dtype == layer.table.dtype
            assert torch.equal(found, gathered(layer))


def test_tables_handed_in_are_not_mistaken_for_each_other():
    """Freed tensors leave their address to the next: it must not count as the same table."""
    layer = build()
    with torch.no_grad():
        for number in range(20):
            table = torch.full_like(layer.table, float(number))
            found = torch.func.functional_call(layer, {"table": table}, ())
            assert found.unique().tolist() == [number]
            del table, found
        tables = torch.randn(3, *layer.table.shape)
        each = torch.func.vmap(lambda t: torch.func.functional_call(layer, {"table": t}, ()))(
            tables
        )
    assert each.shape == (3, 2, 12, 12)
    assert not torch.equal(each[0], each[1])


def test_moving_to_the_meta_device_moves_the_bias():
    layer = build()
    with torch.no_grad():
        assert layer().device.type == "cpu"
        assert layer.to("meta")().device.type == "meta"
        assert layer().shape == (2, 12, 12)


def test_a_copy_has_a_bias_of_its_own():
    layer = build()
    with torch.no_grad():
        bias = layer()
        copied = copy.deepcopy(layer)
        copied.table.zero_()
        assert copied().abs().max() == 0
        assert torch.equal(layer(), bias)


def test_with_gradients_nothing_is_remembered():
    """A remembered bias would either lack its graph or hold one that was already freed."""
    layer = build()
    with torch.no_grad():
        layer()
    for _ in range(2):
        bias = layer()
        assert bias.requires_grad
        (gradient,) = torch.autograd.grad(bias.sum(), layer.table)
        assert gradient.sum() == 2 * 12 * 12
    assert layer._cached is None


def test_without_gradients_first_changes_no_training_step():
    def gradients(evaluate_first: bool) -> list[torch.Tensor]:
        model = create("coatnet-28", image_size=16, seed=0)
        images_bchw = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        if evaluate_first:
            with torch.no_grad():
                model.eval()(images_bchw)
            model.train()
        model(images_bchw).square().sum().backward()
        return [parameter.grad for parameter in model.parameters()]

    for found, expected in zip(gradients(True), gradients(False), strict=True):
        assert torch.equal(found, expected)


def test_inference_mode_leaves_nothing_behind():
    layer = build()
    with torch.inference_mode():
        inside = layer()
    assert torch.equal(layer(), inside)
    with torch.no_grad():
        assert torch.equal(layer(), inside)
    layer().sum().backward()
    with torch.inference_mode():
        assert build()().shape == (2, 12, 12)


@pytest.mark.slow
def test_compiled_and_exported_the_table_stays_a_parameter():
    """What was remembered before must not be baked in as a constant."""
    layer = build((3, 4), (2, 3))
    with torch.no_grad():
        layer()
        compiled = torch.compile(layer, backend="eager", fullgraph=True)
        program = torch.export.export(layer, ()).module()
        for found in (compiled(), program()):
            assert torch.equal(found, layer())
        layer.table.mul_(2)
        assert torch.equal(compiled(), layer())
        program.load_state_dict(layer.state_dict(), strict=True)
        assert torch.equal(program(), layer())
