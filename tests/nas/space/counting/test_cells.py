"""Half paths put together, and found again."""

import numpy as np
import pytest

from nas.space.counting.cells import Cells, merged, sorted_by_state


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    return Cells(
        state=rng.integers(0, 3, 200).astype(np.uint16),
        low=(rng.integers(-50, 50, 200), rng.integers(0, 10**12, 200) // 10**11),
        weight=rng.integers(1, 9, 200),
        slack=(0, 2),
    )


@pytest.mark.parametrize("widths", [(1, 1), (7, 1), (30, 4)])
def test_merged_cells_round_down_by_less_than_a_width(cells, widths):
    found, members = merged(cells, widths)
    assert found.slack == (widths[0] - 1, 2 + widths[1] - 1)
    keys = list(zip(found.state.tolist(), *(low.tolist() for low in found.low), strict=True))
    assert keys == sorted(set(keys))
    assert found.weight.sum() == cells.weight.sum()
    met = []
    for cell in range(len(found)):
        rest = np.arange(found.weight[cell])
        chosen, inner = members.find(np.full(len(rest), cell), rest)
        met += list(zip(chosen.tolist(), inner.tolist(), strict=True))
        assert (cells.state[chosen] == found.state[cell]).all()
        for low, rounded, width in zip(cells.low, found.low, widths, strict=True):
            assert (low[chosen] - rounded[cell] >= 0).all()
            assert (low[chosen] - rounded[cell] < width).all()
    whole = [(cell, each) for cell in range(200) for each in range(cells.weight[cell])]
    assert sorted(met) == whole  # each half path once


def test_sorted_cells_remember_where_they_were(cells):
    found, members = sorted_by_state(cells)
    assert (np.diff(found.state.astype(int)) >= 0).all()
    chosen, inner = members.find(np.arange(200), found.weight - 1)
    assert (inner == found.weight - 1).all()
    assert (cells.low[0][chosen] == found.low[0]).all()
    assert (cells.weight[chosen] == found.weight).all()
