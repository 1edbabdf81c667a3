"""The hypervolume as an area, and its growth in the order of time."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.ranking.hypervolume import BEYOND, Finish, finishes, growth, hypervolume
from nas.spec.choices import Price
from tests.nas.synthetic import SyntheticLayout, study


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 10)), min_size=1, max_size=12))
def test_it_is_the_area_that_points_dominate(rows):
    """By brute force: on a grid whose lines run through all points, every cell is counted."""
    rows.sort()
    costs, scores = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    cells = sum(
        any(cost <= x and score > y for cost, score in rows) for x in range(15) for y in range(10)
    )
    found = hypervolume(np.exp(costs), scores / 10, low=1.0, reference=math.exp(15))
    assert found == pytest.approx(cells / 150)


def finish(trial, number):
    return Finish(trial=trial, trials=number, epochs=number)


def grown(scores, costs, order):
    """Growth where every trial is its label with a seed behind it: "A0", "A1"."""
    found = {trial: (trial[0], score) for trial, score in scores.items()}
    ended = [finish(trial, n) for n, trial in enumerate(order, start=1)]
    return growth(ended, found, costs, price=Price.MACS)


def test_it_grows_with_what_finishes_up_to_the_reference_point():
    found = grown(
        {"A0": 0.5, "B0": 0.9, "C0": 0.4}, {"A": 10, "B": 100, "C": 50}, ["A0", "C0", "B0"]
    )
    top = BEYOND * 100
    assert (found.low, found.reference) == (10, top)
    last = (0.5 * math.log(10) + 0.9 * math.log(BEYOND)) / math.log(top / 10)
    assert found.values == pytest.approx([0.5, 0.5, last])
    assert [step.trial for step, _ in found.steps] == ["A0", "B0"]


def test_a_candidate_counts_with_its_mean_so_far():
    found = grown({"A0": 0.9, "A1": 0.7, "B0": 0.1}, {"A": 1, "B": 1}, ["A0", "B0", "A1"])
    assert found.values == pytest.approx([0.9, 0.9, 0.8])


def test_what_has_no_score_or_no_cost_is_left_out():
    found = grown({"A0": 0.9, "B0": 0.8}, {"A": 1}, ["A0", "B0", "C0"])
    assert [each.trial for each in found.finishes] == ["A0"]
    assert grown({}, {"A": 1}, ["A0"]) is None
    with pytest.raises(ValueError, match="must be positive"):
        grown({"A0": 0.9}, {"A": 0}, ["A0"])


def test_the_last_finish_is_a_step_though_it_changed_nothing():
    found = grown({"A0": 0.9, "B0": 0.8}, {"A": 1, "B": 2}, ["A0", "B0"])
    assert [step.trial for step, _ in found.steps] == ["A0", "B0"]


def test_finishes_are_in_the_order_of_time_and_count_all_epochs():
    histories = study({"C-C": SyntheticLayout(accuracy=0.9, spread=0.01)}, epochs=3)
    found = finishes(histories)
    assert sorted(each.trial for each in found) == [h.trial.id for h in histories]
    assert [each.trials for each in found] == [1, 2, 3]
    assert found[-1].epochs == 9
    assert all(a.epochs <= b.epochs for a, b in pairwise(found))
