"""The bias of relative positions: one place per offset, resized as in loops."""

import math

import pytest
import torch
from torch import nn

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


@pytest.mark.slow
def test_compiled_and_exported_the_table_stays_a_parameter():
    """It must not be baked in as a constant."""
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
