"""Kendall's tau-b with an interval that holds it as often as it says."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from nas.search.allocation.agreement import agreement, rung_agreement
from nas.search.allocation.readings import Readings
from nas.spec.choices import RungMetric
from nas.study.records import TrialStatus
from tests.nas.search.allocation.climbing import history


def test_it_is_kendalls_with_ties():
    rung, end = [1, 2, 2, 4, 5, 6], [1, 3, 2, 4, 4, 7]
    found = agreement(rung, end)
    assert found is not None
    assert found.tau == pytest.approx(kendalltau(rung, end).statistic)
    assert found.trials == 6
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.tau < found.high


@pytest.mark.parametrize(("rung", "end"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3])])
def test_of_too_few_or_equal_ones_there_is_none(rung, end):
    assert agreement(rung, end) is None


def test_four_trials_have_no_interval_and_a_perfect_order_has_one():
    four = agreement([1, 2, 3, 4], [1, 2, 3, 4])
    assert four is not None
    assert (four.tau, four.low, four.high) == (1.0, None, None)
    ten = agreement(range(10), range(10))
    assert ten is not None
    assert ten.low is not None
    assert (ten.tau, ten.high) == pytest.approx((1.0, 1.0))
    assert 0.8 < ten.low < 0.97


def test_the_interval_holds_the_true_tau_in_95_of_100():
    random, true = np.random.default_rng(0), 2 / np.pi * np.arcsin(0.7)
    held = 0
    for _ in range(1000):
        one = random.standard_normal(20)
        other = 0.7 * one + np.sqrt(1 - 0.49) * random.standard_normal(20)
        found = agreement(one.tolist(), other.tolist())
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
    assert 925 <= held <= 985


def test_only_trials_that_finished_have_reached_both():
    done = [history(f"C-T#{n}", [0.1 * n, 0.1 * n, 0.1 * n], number=n) for n in (1, 2, 3)]
    lost = history("C-C", [0.9, 0.9], number=4, epochs=3)
    assert lost.status is TrialStatus.DIVERGED
    found = rung_agreement([*done, lost], 1, Readings(RungMetric.LAST))
    assert found is not None
    assert (found.tau, found.trials) == (1.0, 3)
    assert rung_agreement(done, 3, Readings(RungMetric.LAST)) is None  # the rung is the end
