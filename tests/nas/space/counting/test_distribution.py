"""Histograms, against the points themselves."""

import numpy as np
import pytest

from nas.space.counting.chains import Chain, budget
from nas.space.counting.distribution import distribution
from nas.space.counting.paths import enumerate_paths, prices
from tests.nas.space.counting.random_chains import grown, step

CHAIN = grown(4, states=3, edges=9, length=3, most=100)


@pytest.mark.parametrize("bounds", [{}, {1: (None, 150)}, {0: (100, 200), 1: (80, None)}])
@pytest.mark.parametrize("bins", [1, 7, 1000])
def test_bars_are_as_high_as_there_are_points(bounds, bins):
    limits = budget(2, bounds)
    found = distribution([CHAIN], limits, 0, bins=bins)
    values = prices([CHAIN], enumerate_paths([CHAIN], limits))[:, 0]
    edges = np.array(found.edges, float)
    assert found.resolution == 0
    assert sum(found.counts) == len(values)
    # numpy's bars have their earlier edge, ours the later one
    expected = np.histogram(values, bins=np.r_[edges[0] - 0.5, edges[1:] + 0.5])[0]
    assert list(found.counts) == expected.tolist()


def test_a_point_stands_for_its_chains_multiplicity():
    chain = Chain(steps=(step([0, 0], [0, 0], [[3], [3]]),), multiplicity=5)
    assert distribution([chain], budget(1), 0).counts == (10,)
    assert distribution([chain], budget(1), 0).edges == (3, 3)


def test_nothing_has_no_bars():
    assert distribution([CHAIN], budget(2, {0: (10**6, None)}), 0).counts == ()
    dead = Chain(steps=(step([1], [0], [[3]]),))
    assert distribution([dead], budget(1), 0).edges == ()


def test_rounded_prices_are_told():
    large = grown(6, states=12, edges=1500, length=4, most=10**9)
    found = distribution([large], budget(2, {1: (None, 2 * 10**9)}), 0, bins=10, cells=50_000)
    assert found.resolution > 0
    assert len(found.counts) == 10
