"""Fronts against the definition, point by point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.ranking.dominance import best_fronts, front, fronts


def dominated(row: np.ndarray, others: np.ndarray) -> bool:
    return any((other >= row).all() and (other > row).any() for other in others)


@pytest.mark.parametrize("goals", [1, 2, 3])
@pytest.mark.parametrize("values", [4, 1000])
def test_a_front_is_what_no_other_dominates(goals, values):
    worths = np.random.default_rng(goals).integers(0, values, (60, goals)).astype(float)
    assert front(worths).tolist() == [not dominated(row, worths) for row in worths]


def test_fronts_follow_one_another_and_the_last_gives_its_newest():
    first, second = [[1.0, 5.0], [5.0, 1.0], [3.0, 3.0]], [[1.0, 4.0], [2.0, 3.0], [4.0, 1.0]]
    worths = np.array([*second, *first, [0.0, 0.0]])
    assert best_fronts(worths, 3).tolist() == [3, 4, 5]
    assert best_fronts(worths, 5).tolist() == [1, 2, 3, 4, 5]
    assert best_fronts(worths, 99).tolist() == list(range(7))


@pytest.mark.parametrize("goals", [1, 2, 3])
def test_what_is_lost_is_on_a_front_of_its_own(goals):
    worths = np.full((9, goals), -np.inf)
    assert best_fronts(worths, 4).tolist() == [5, 6, 7, 8]
    worths[2] = 0.5
    assert best_fronts(worths, 4).tolist() == [2, 6, 7, 8]


def test_of_nothing_there_is_no_front():
    assert front(np.zeros((0, 2))).tolist() == []
    assert best_fronts(np.zeros((0, 2)), 3).tolist() == []
    assert fronts(np.zeros((0, 2))).tolist() == []


@st.composite
def some_worths(draw):
    goals = draw(st.integers(1, 4))
    few = st.sampled_from([-np.inf, 0.0, 1.0, 2.0, 3.0])  # so that there are ties
    return np.array(draw(st.lists(st.tuples(*[few] * goals), min_size=1, max_size=25)))


@given(some_worths())
def test_each_front_is_what_is_left_when_those_before_it_are_taken_away(worths):
    found = fronts(worths)
    left = np.arange(len(worths))
    for place in range(found.max() + 1):
        kept = np.array([not dominated(row, worths[left]) for row in worths[left]])
        assert left[kept].tolist() == np.flatnonzero(found == place).tolist()
        left = left[~kept]
    assert not len(left)
