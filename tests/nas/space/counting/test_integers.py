"""Whole numbers beyond 64 bits."""

import numpy as np
import pytest

from nas.space.counting.integers import below, cumulated, place, products, total


@pytest.mark.parametrize("size", [2**20, 2**61])
def test_products_and_their_sum_are_exact(size):
    first, second = np.array([size, 3, 0]), np.array([size - 1, 5, 7])
    expected = [size * (size - 1), 15, 0]
    found = products(first, second)
    assert found.tolist() == expected
    assert total(found) == sum(expected)
    assert cumulated(found).tolist() == [0, expected[0], expected[0] + 15, expected[0] + 15]


def test_a_sum_that_would_not_fit_is_of_pythons_integers():
    halves = np.full(4, 2**31)
    assert total(products(halves, halves)) == 2**64


def test_nothing_adds_up_to_nothing():
    assert total(products(np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize("limit", [3, 3 * 2**80])
def test_random_numbers_are_below_their_limit_and_even(limit):
    found = below(np.random.default_rng(0), limit, 3000)
    assert (found == below(np.random.default_rng(0), limit, 3000)).all()
    assert min(found) >= 0
    assert max(found) < limit
    thirds = np.bincount([int(each * 3 // limit) for each in found.tolist()], minlength=3)
    assert (abs(thirds - 1000) < 130).all()  # five standard deviations


@pytest.mark.parametrize("scale", [1, 2**70])
def test_numbers_fall_into_parts(scale):
    cumulative = cumulated(np.array([2 * scale, 0, 3 * scale], dtype=object if scale > 1 else int))
    numbers = np.array([0, 2 * scale - 1, 2 * scale, 5 * scale - 1], dtype=cumulative.dtype)
    index, rest = place(cumulative, numbers)
    assert index.tolist() == [0, 0, 2, 2]
    assert rest.tolist() == [0, 2 * scale - 1, 0, 3 * scale - 1]
