"""Step-downs by hand, and by other code."""

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from nas.ranking.statistics.stepdown import LARGE_SHARE, equalities, holm, told_apart

SHAFFER = {  # the most true equalities of K means after 0, 1, 2, ... were rejected
    2: [1],
    3: [3, 1, 1],
    4: [6, 3, 3, 3, 2, 1],
    5: [10, 6, 6, 6, 6, 4, 4, 3, 2, 1],
    6: [15, 10, 10, 10, 10, 10, 7, 7, 7, 6, 4, 4, 3, 2, 1],
    7: [21, *[15] * 6, *[11] * 4, 10, 9, 9, 7, 7, 6, 5, 4, 3, 2, 1],
    8: [28, *[21] * 7, *[16] * 5, 15, 13, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
}


def partitions(layouts):
    """All ways to put means into groups of equal ones."""
    if not layouts:
        yield []
        return
    first, *rest = layouts
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            left = [each for each in rest if each not in others]
            for more in partitions(left):
                yield [(first, *others), *more]


@pytest.mark.parametrize("layouts", range(2, 9))
def test_shaffers_divisors_are_those_of_all_ways_to_be_equal(layouts):
    counts = {
        sum(len(group) * (len(group) - 1) // 2 for group in groups)
        for groups in partitions(list(range(layouts)))
    }
    m = layouts * (layouts - 1) // 2
    expected = [max(each for each in counts if each <= m - k) for k in range(m + 1)]
    assert equalities(m).tolist() == expected
    if layouts < 7:
        assert expected == [*SHAFFER[layouts], 0]


def test_hypotheses_that_are_no_pairs_of_means_have_holms_divisors():
    assert equalities(5).tolist() == [5, 4, 3, 2, 1, 0]
    assert equalities(0).tolist() == [0]


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(0).random((12, 25)) ** 8
    expected = [multipletests(each, method="holm")[1] for each in p]
    np.testing.assert_allclose(holm(p), expected)


def test_of_one_pair_nothing_is_adjusted():
    zero, large = told_apart(np.array([0.03]), np.array([0.004]))
    assert zero[0] == pytest.approx(0.03)
    assert large[0] == pytest.approx(0.03)  # 0.004, but not before 0.03


def test_three_layouts_by_hand():
    """Divisors 3, then 1 + 2 shares, and one share less when one is much better."""
    s = LARGE_SHARE
    zero, large = told_apart(np.array([0.02, 1e-6, 0.01]), np.array([1.0, 1e-5, 1.0]))
    expected = [0.02 * (1 + s), 3e-6, 0.01 * (1 + s)]  # the `≫` came second: 1e-5 / s < 0.01
    assert zero == pytest.approx(expected)
    assert large == pytest.approx([1.0, 1e-5 / s * (1 + 2 * s), 1.0])


def test_a_level_rejects_where_the_adjusted_value_is_at_most_that():
    """Against the step-down written out, one hypothesis after the other."""
    random = np.random.default_rng(1)
    rejections = 0
    for _ in range(300):
        zero = random.random(10) ** 6
        large = np.minimum(zero * random.uniform(0.5, 50, 10), 1.0)
        adjusted = told_apart(zero, large)
        for alpha in (0.01, 0.05, 0.2):
            apart, much = np.zeros(10, dtype=bool), np.zeros(10, dtype=bool)
            while True:
                equal = SHAFFER[5][apart.sum()] if not apart.all() else 0
                level = equal + LARGE_SHARE * (10 - much.sum() - equal)
                new = ~apart & (zero * level <= alpha)
                new_much = apart & ~much & (large * level <= LARGE_SHARE * alpha)
                if not (new.any() or new_much.any()):
                    break
                apart |= new
                much |= new_much
            np.testing.assert_array_equal(adjusted[0] <= alpha, apart)
            np.testing.assert_array_equal(adjusted[1] <= alpha, much)
            rejections += much.sum()
    assert rejections > 300
