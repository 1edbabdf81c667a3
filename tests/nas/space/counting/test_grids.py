"""Boxes of bins, against a look at every cell."""

import numpy as np
import pytest

from nas.space.counting.cells import Cells
from nas.space.counting.grids import Grid, GridBoxes, Ranges

RNG = np.random.default_rng(0)
STATES = np.array([1, 4])
CELLS = Cells(
    state=RNG.choice(STATES, 300).astype(np.uint16),
    low=(RNG.integers(-40, 60, 300), RNG.integers(0, 10**12, 300)),
    weight=RNG.integers(1, 5, 300),
    slack=(0, 3),
)
RANGES = Ranges(
    states=STATES,
    low=(np.array([-40, -41]), np.array([0, 0])),
    high=(np.array([60, 60]), np.array([10**12, 10**12])),
)


@pytest.fixture(params=[100, 3000, 10**6])
def grid(request):
    return Grid(CELLS, RANGES, (50, 10**11), most=request.param)


def bins(grid):
    """Return group and bins of each cell."""
    group = np.searchsorted(STATES, CELLS.state)
    return group, [
        (low - base[group]) // width
        for low, base, width in zip(CELLS.low, RANGES.low, grid.bins, strict=True)
    ]


def boxes(grid, n=50):
    rng = np.random.default_rng(1)
    ends = [np.sort(rng.integers(0, size + 1, (2, n)), axis=0) for size in grid.sizes]
    return GridBoxes(
        group=rng.integers(0, 2, n), begin=(ends[0][0], None), end=(ends[0][1], ends[1][1])
    )


def inside(grid, asked, box):
    group, (first, second) = bins(grid)
    return (
        (group == asked.group[box])
        & (first >= asked.begin[0][box])
        & (first < asked.end[0][box])
        & (second < asked.end[1][box])
    )


def test_boxes_weigh_what_is_in_them(grid):
    asked = boxes(grid)
    expected = [CELLS.weight[inside(grid, asked, box)].sum() for box in range(50)]
    assert grid.weight(asked).tolist() == expected


def test_each_half_path_of_a_box_is_found_once(grid):
    asked = boxes(grid)
    for box, weight in enumerate(grid.weight(asked).tolist()):
        rest = np.arange(weight)
        chosen = np.full(weight, box)
        repeated = GridBoxes(
            group=asked.group[chosen],
            begin=(asked.begin[0][chosen], None),
            end=tuple(end[chosen] for end in asked.end),
        )
        cells, inner = grid.find(repeated, rest)
        there = np.flatnonzero(inside(grid, asked, box))
        expected = [(cell, each) for cell in there for each in range(CELLS.weight[cell])]
        assert sorted(zip(cells.tolist(), inner.tolist(), strict=True)) == expected


def test_bins_are_few_enough_and_shares_of_the_widths(grid):
    assert grid.slack == (grid.bins[0] - 1, 3 + grid.bins[1] - 1)
    assert 2 * np.prod(np.array(grid.sizes) + 1) <= 10**6
    assert grid.bins[0] == 1 or grid.bins[1] / grid.bins[0] == pytest.approx(10**11 / 50, rel=0.5)


def test_more_bins_are_finer():
    coarse, fine = (Grid(CELLS, RANGES, (50, 10**11), most=most) for most in (100, 10_000))
    assert fine.bins[1] < coarse.bins[1] / 5
