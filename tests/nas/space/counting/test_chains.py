"""What chains refuse, and what budgets hold."""

import numpy as np
import pytest

from nas.space.counting.chains import OPEN, Budget, Chain, budget, checked, only
from tests.nas.space.counting.random_chains import listed, step


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([0], [0, 1], [[1]]), "for every edge"),
        (([0], [0], [1]), "for every edge"),
        (([], [], np.zeros((0, 1))), "for every edge"),
        (([-2], [0], [[1]]), "numbered from 0"),
        (([0], [-1], [[1]]), "numbered from 0"),
        (([0], [60_001], [[1]]), "up to 60,000"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(arrays, message):
    with pytest.raises(ValueError, match=message):
        step(*arrays)


def test_prices_that_are_no_whole_numbers_are_refused():
    good = step([0], [0], [[1]])
    with pytest.raises(ValueError, match="prices must be int64"):
        type(good)(before=good.before, after=good.after, prices=np.array([[0.5]]))


@pytest.mark.parametrize(
    ("steps", "multiplicity", "message"),
    [
        ((), 1, "at least one step"),
        ((step([0], [0], [[1]]),), 0, "multiplicity of at least 1"),
        ((step([0], [0], [[1]]), step([0], [0], [[1, 2]])), 1, "same quantities"),
        ((step([0], [0], [[2**57]]), step([0], [0], [[-(2**57)]])), 1, r"2\^58"),
    ],
)
def test_a_chain_that_does_not_fit_is_refused(steps, multiplicity, message):
    with pytest.raises(ValueError, match=message):
        Chain(steps=steps, multiplicity=multiplicity)


def test_a_budget_holds_what_is_between_its_bounds_both_included():
    limits = budget(2, {0: (3, 5), 1: (None, 7)})
    rows = np.array([[3, 7], [5, -100], [2, 0], [6, 0], [4, 8]])
    assert limits.holds(rows).tolist() == [True, True, False, False, False]


def test_a_narrowed_budget_keeps_its_other_bounds():
    found = budget(2, {0: (3, 5)}).narrowed(0, low=1, high=4).narrowed(1, low=-(10**30))
    assert (found.low.tolist(), found.high.tolist()) == ([3, -OPEN], [4, OPEN])


def test_bounds_of_different_quantities_are_refused():
    with pytest.raises(ValueError, match="a low and a high"):
        Budget(low=np.zeros(1, np.int64), high=np.zeros(2, np.int64))
    chain = Chain(steps=(step([0], [0], [[1]]),))
    assert checked([chain], budget(1)) == 1
    with pytest.raises(
        ValueError, match=r"chains have prices of \[1\] quantities, the budget of 2"
    ):
        checked([chain], budget(2))


def test_only_some_edges_keep_their_numbers():
    chain = Chain(
        steps=(step([0, 0, 0], [0, 1, 1], [[1], [2], [3]]), step([0, 1], [0, 0], [[1], [2]]))
    )
    open_ = budget(1)
    assert listed([only(chain, {0: 1})], open_) == [(0, (1, 1))]
    assert listed([only(chain, {0: np.array([0, 2])})], open_) == [(0, (0, 0)), (0, (2, 1))]
    assert len(listed([chain], open_)) == 3
