"""Points in boxes, against a look at every point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.space.counting.dominance import Boxes, Points, counted, work


def looked_at(points, boxes):
    found = []
    for box, group in enumerate(boxes.group):
        inside = points.group == group
        for values, low, high in zip(points.values, boxes.low, boxes.high, strict=True):
            inside &= True if low is None else values >= low[box]
            inside &= True if high is None else values <= high[box]
        found.append(int(points.weight[inside].sum()))
    return found


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 70),
    asked=st.integers(0, 30),
    bounds=st.lists(st.sampled_from(["", "low", "high", "both"]), max_size=4),
    most=st.sampled_from([2, 40, 10**6, 2**60]),
    weighted=st.booleans(),
)
def test_each_box_has_the_points_that_are_in_it(seed, n, asked, bounds, most, weighted):
    rng = np.random.default_rng(seed)
    values = tuple(rng.integers(-most, most, n) for _ in bounds)
    sides = {
        side: tuple(
            rng.integers(-most, most, asked) if each in (side, "both") else None for each in bounds
        )
        for side in ("low", "high")
    }
    points = Points(
        group=rng.integers(0, 4, n),
        values=values,
        weight=rng.integers(1, 2**40, n) if weighted else np.ones(n, np.int64),
    )
    boxes = Boxes(group=rng.integers(0, 5, asked), low=sides["low"], high=sides["high"])
    assert counted(points, boxes).tolist() == looked_at(points, boxes)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_larger_numbers_of_points_are_counted_as_well(dimensions):
    rng = np.random.default_rng(dimensions)
    points = Points(
        group=rng.integers(0, 3, 3000),
        values=tuple(rng.integers(0, 10**12, 3000) for _ in range(dimensions)),
        weight=np.ones(3000, np.int64),
    )
    boxes = Boxes(
        group=rng.integers(0, 3, 100),
        low=(rng.integers(0, 5 * 10**11, 100), *[None] * (dimensions - 1)),
        high=tuple(rng.integers(5 * 10**11, 10**12, 100) for _ in range(dimensions)),
    )
    assert counted(points, boxes).tolist() == looked_at(points, boxes)


def test_work_grows_with_points_boxes_and_dimensions():
    assert work(1000, 10, 2) < work(2000, 10, 2) < work(2000, 500, 2) < work(2000, 500, 3)
