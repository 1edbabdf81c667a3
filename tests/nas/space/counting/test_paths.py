"""Paths listed, and priced."""

import numpy as np
import pytest
from hypothesis import given, settings

from nas.space.counting.chains import START, Chain, budget
from nas.space.counting.paths import NONE, enumerate_paths, gathered, prices
from tests.nas.space.counting.random_chains import grown, listed, pairs, spaces, step


@settings(deadline=None)
@given(spaces())
def test_all_paths_in_the_budget_are_listed_in_order(space):
    assert pairs(enumerate_paths(*space)) == listed(*space)


def test_shorter_chains_are_filled_up():
    one, two = step([START], [0], [[1]]), step([0, 0], [0, 0], [[10], [20]])
    chains = [Chain(steps=(one,)), Chain(steps=(one, two))]
    found = enumerate_paths(chains, budget(1))
    assert found.chain.tolist() == [0, 1, 1]
    assert found.edges.tolist() == [[0, NONE], [0, 0], [0, 1]]
    assert prices(chains, found).tolist() == [[1], [11], [21]]


def test_a_space_too_large_to_list_is_refused():
    with pytest.raises(ValueError, match="more than 100 paths"):
        enumerate_paths([grown(0)], budget(2), most=100)
    few = Chain(steps=(step([START] * 60, [0] * 60, [[1]] * 60),))
    with pytest.raises(ValueError, match="more than 100 paths"):
        enumerate_paths([few, few], budget(1), most=100)


def test_no_paths_are_paths():
    assert len(gathered([], 3)) == 0
    assert gathered([(2, np.zeros((0, 2), np.int64))], 3).edges.shape == (0, 3)
