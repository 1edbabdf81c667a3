"""Pairs of halves: bounds that hold, exact numbers, and each candidate once."""

import numpy as np
import pytest

from nas.space.counting import halves
from nas.space.counting.chains import budget
from nas.space.counting.cutting import joins, window
from nas.space.counting.reach import Walks
from tests.nas.space.counting.random_chains import grown, listed

CHAIN = grown(2, states=4, edges=16, length=4)
BOUNDS = [
    {0: (1700, 2100), 1: (None, 1900)},
    {0: (1700, 2100)},
    {0: (1000, 2500), 1: (1500, 2500)},
    {1: (2200, None)},
]


def join(bounds, cells):
    walks = Walks([CHAIN])
    limits = window(budget(2, bounds), walks.whole(), ())
    [(_, found)] = joins([CHAIN], walks, limits, cells=cells)
    return found


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("cells", [1, 300, 10**6])
def test_the_number_of_paths_is_within_its_bounds(bounds, cells, monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    found, paths = join(bounds, cells), listed([CHAIN], budget(2, bounds))
    known = found.bounds()
    assert known.low <= len(paths) <= known.high == found.candidates
    assert known.low <= found.estimate() <= known.high
    assert found.unrounded or cells < 10**6
    assert not found.unrounded or cells > 1
    if found.unrounded:
        assert found.exact() == len(paths)
    assert known.high < 1.2 * len(paths) or cells < 10**6
    numbered = [tuple(row) for row in found.path(np.arange(found.candidates)).tolist()]
    assert len(set(numbered)) == len(numbered)
    assert {edges for _, edges in paths} <= set(numbered)


def test_without_slack_bounds_are_the_number_itself(monkeypatch):
    small = grown(3, states=3, edges=8, length=3, most=20)
    walks = Walks([small])
    limits = budget(2, {0: (20, 30)})
    [(_, found)] = joins([small], walks, window(limits, walks.whole(), ()), cells=10**6)
    expected = len(listed([small], limits))
    known = found.bounds()
    assert found.slack == (0,)
    assert (known.low, known.high, found.estimate()) == (expected, expected, expected)


def test_exact_work_is_that_of_the_bounds_there_are():
    none, both = join({0: (1000, None)}, 10**6), join({0: (1000, None), 1: (1000, None)}, 10**6)
    assert both.exact_work > none.exact_work > 0
