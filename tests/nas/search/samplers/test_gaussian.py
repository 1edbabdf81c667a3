"""The process agrees with textbook formulas, and the fit finds what values depend on."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from nas.search.samplers.gaussian import Kernel, Process, apart, fit, log_improvement

NUMBERS = np.array([False, False])


def by_the_book(rows, worths, asked, kernel):
    """Return the mean and deviation of every row asked about, by inverting the whole matrix."""

    def like(a, b):
        squared = (((a - b) * np.exp(-kernel.lengths)) ** 2).sum()
        far = math.sqrt(5 * squared)
        return (1 + far + far**2 / 3) * math.exp(-far)

    known = np.array([[like(a, b) for b in rows] for a in rows])
    inverse = np.linalg.inv(known + math.exp(kernel.noise) * np.eye(len(rows)))
    across = np.array([[like(a, b) for b in rows] for a in asked])
    means = across @ inverse @ worths
    return means, np.sqrt(1 - np.einsum("mn,nk,mk->m", across, inverse, across))


def test_beliefs_are_those_of_the_book():
    random = np.random.default_rng(0)
    rows, asked = random.random((12, 2)), random.random((5, 2))
    worths = random.standard_normal(12)
    kernel = Kernel(lengths=np.array([-0.5, 0.3]), noise=-3.0)
    found = Process(rows, worths, NUMBERS, kernel).at(asked)
    np.testing.assert_allclose(found, by_the_book(rows, worths, asked, kernel), rtol=1e-9)


def test_words_are_one_apart_however_they_are_numbered():
    words = np.array([True, False])
    a, b = np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([[0.5, 0.75], [1.0, 0.5]])
    np.testing.assert_array_equal(apart(a, b, words)[0], [[1, 1], [1, 0]])
    np.testing.assert_array_equal(apart(a, b, words)[1], [[0.0625, 0], [0.0625, 0]])
    kernel = Kernel(lengths=np.zeros(2), noise=-3.0)
    asked = np.array([[0.25, 0.5], [0.0, 0.5], [1.0, 0.5]])
    means, _ = Process(a, np.array([1.0, -1.0]), words, kernel).at(asked)
    assert means == pytest.approx([0.0, -means[2], means[2]])
    assert means[1] > 0.5


def test_what_is_believed_of_pending_rows_leaves_means_and_takes_doubt():
    random = np.random.default_rng(1)
    rows, pending = random.random((10, 2)), random.random((3, 2))
    before = Process(rows, random.standard_normal(10), NUMBERS, Kernel.usual(2))
    after = before.believing(pending)
    np.testing.assert_allclose(after.at(pending)[0], before.at(pending)[0], rtol=1e-6)
    assert (after.at(pending)[1] < 0.9 * before.at(pending)[1]).all()


def test_a_fit_finds_the_axis_that_counts_and_the_noise():
    random = np.random.default_rng(2)
    rows = random.random((60, 3))
    worths = np.sin(6 * rows[:, 1]) + 0.1 * random.standard_normal(60)
    worths = (worths - worths.mean()) / worths.std()
    kernel = fit(rows, worths, np.zeros(3, dtype=bool), Kernel.usual(3))
    assert np.argmin(kernel.lengths) == 1
    assert kernel.lengths[1] + 1 < min(kernel.lengths[0], kernel.lengths[2])
    assert math.exp(kernel.noise / 2) == pytest.approx(0.1 / 0.7, rel=0.4)


@pytest.mark.parametrize("above", [3.0, 0.5, -0.9, -1.1, -5.0])
def test_improvement_is_that_of_the_book(above):
    found = log_improvement(np.array([1.0 + 0.2 * above]), np.array([0.2]), 1.0)
    assert math.exp(found[0]) == pytest.approx(0.2 * (norm.pdf(above) + above * norm.cdf(above)))


def test_hopeless_rows_still_have_an_order():
    found = log_improvement(np.array([-100.0, -90.0, -50.0]), np.full(3, 0.5), 0.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
