"""Every point has a row, and every row a point."""

import random

import numpy as np

from nas.search.samplers.cube import LEVELS, Cube
from nas.search.samplers.distributions import Axes
from search_spaces.language.domains import draw
from search_spaces.language.points import LAYOUT
from tests.nas.search.samplers.test_distributions import SPACE

CUBE = Cube(Axes(SPACE))


def test_points_come_back_from_their_rows():
    rng = random.Random(0)
    for _ in range(200):
        layout = rng.choice(SPACE.layouts)
        values = {name: draw(domain, rng) for name, domain in layout.variables.items()}
        point = {LAYOUT: layout.name, **values}
        row = CUBE.row(point)
        assert ((row >= 0) & (row <= 1)).all()
        assert CUBE.point(row) == point


def test_what_a_layout_lacks_is_in_the_middle():
    drawn = CUBE.drawn(200, np.random.default_rng(0))
    for row in drawn:
        np.testing.assert_allclose(row, CUBE.row(CUBE.point(row)), atol=1e-9)


def test_rows_beside_differ_in_one_thing_and_none_is_missing():
    row = CUBE.drawn(1, np.random.default_rng(1))[0]
    beside = CUBE.beside(row)
    assert len({each.tobytes() for each in beside}) == len(beside)
    same_layout = beside[beside[:, 0] == row[0]]
    assert ((same_layout != row).sum(axis=1) == 1).all()
    assert len(beside) == 2 + len(same_layout)  # of three layouts
    assert all(len(levels) <= LEVELS for levels in CUBE.levels)
