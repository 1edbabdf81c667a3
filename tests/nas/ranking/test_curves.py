"""One trial's epochs, read by hand and by the code."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.ranking.curves import (
    Reach,
    accuracy_at_loss,
    area_log_loss,
    convergence,
    correct_at_loss,
    deepest_loss,
    end_gaps,
    reach,
    record_lows,
)
from nas.study.correct import correct_images
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import measured, trial_of, with_images


def history(losses, accuracies=None):
    """A finished trial with these curves."""
    trial = trial_of("C-C-T-T", seed=0, number=1, epochs=max(len(losses), 1))
    return TrialHistory(
        trial=trial,
        status=TrialStatus.FINISHED,
        epochs=measured(trial, losses=losses, accuracies=accuracies or [0.5] * len(losses)),
        attempts=1,
    )


def test_record_lows_skip_epochs_that_climb_back_or_repeat():
    lows = record_lows(history([2.0, 1.0, 1.5, 1.0, 0.5]))
    assert [point.measured.epoch for point in lows] == [1, 2, 5]


def test_deepest_loss_is_the_lowest_not_the_last():
    assert deepest_loss(history([2.0, 0.5, 1.0])) == 0.5


def test_accuracy_at_a_measured_loss_is_the_measured_accuracy():
    trial = history([2.0, 1.0, 0.5], [0.3, 0.6, 0.8])
    assert [accuracy_at_loss(trial, loss) for loss in (2.0, 1.0, 0.5)] == pytest.approx(
        [0.3, 0.6, 0.8]
    )


def test_two_points_interpolate_linearly_over_log_loss():
    # sqrt(2 x 0.5) = 1 lies half way between ln 2 and ln 0.5.
    assert accuracy_at_loss(history([2.0, 0.5], [0.4, 0.8]), 1.0) == pytest.approx(0.6)


def test_three_points_interpolate_by_hand_computed_pchip():
    # ln losses 0, -1, -2 and accuracies .9, .5, .3 read from the deep end: slopes .2 then ... by
    # Fritsch and Carlson the middle slope is the harmonic mean 2 / (1/-.4 + 1/-.2) = -.8/3, the
    # right end's is (3 x -.2 - -.4) / 2 = -.1. Half way between, Hermite: mean of the values plus
    # (left slope - right slope) / 8.
    trial = history([1.0, math.exp(-1), math.exp(-2)], [0.3, 0.5, 0.9])
    expected = (0.5 + 0.3) / 2 + (-0.8 / 3 - -0.1) / 8
    assert accuracy_at_loss(trial, math.exp(-0.5)) == pytest.approx(expected)


def test_outside_the_trajectory_the_ends_are_read():
    trial = history([2.0, 0.5], [0.4, 0.8])
    assert accuracy_at_loss(trial, 9.0) == 0.4
    assert accuracy_at_loss(trial, 0.1) == 0.8


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (2.0, Reach.CROSSES),
        (0.5, Reach.CROSSES),
        (2.001, Reach.BEGINS_BELOW),
        (0.499, Reach.STAYS_ABOVE),
    ],
)
def test_a_trajectory_reaches_its_two_ends_and_nothing_beyond(loss, expected):
    assert reach(history([2.0, 0.5, 0.7]), loss) is expected


def test_one_epoch_is_read_everywhere():
    assert accuracy_at_loss(history([2.0], [0.4]), 0.1) == 0.4


def test_an_epoch_that_climbs_back_does_not_count_in_the_reading():
    assert accuracy_at_loss(history([2.0, 0.5, 0.7], [0.4, 0.8, 0.1]), 0.7) > 0.4


def test_a_loss_that_underflowed_to_zero_is_still_read():
    trial = history([1.0, 0.0, 0.0], [0.4, 0.8, 0.9])
    assert accuracy_at_loss(trial, 0.0) == pytest.approx(0.8)
    assert math.isfinite(area_log_loss(trial))


IMAGES = 599
counts = st.integers(0, IMAGES)  # an accuracy is a count of images
points = st.lists(st.tuples(st.floats(1e-9, 10.0), counts), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(points, st.floats(0.0, 20.0))
def test_a_reading_lies_between_its_two_measurements(curve, loss):
    trial = history([point[0] for point in curve], [point[1] / IMAGES for point in curve])
    value = accuracy_at_loss(trial, loss)
    lows = record_lows(trial)
    around = [
        (above.evaluation_accuracy, below.evaluation_accuracy)
        for above, below in pairwise(lows)
        if below.probe_loss <= loss <= above.probe_loss
    ] or [(lows[0].evaluation_accuracy, lows[-1].evaluation_accuracy)]
    low, high = min(map(min, around)), max(map(max, around))
    assert low - 1e-9 <= value <= high + 1e-9
    (kept,) = with_images([trial], IMAGES)
    images = correct_at_loss(kept, loss, images=IMAGES)
    assert images is not None
    assert images.shape == (IMAGES,)
    assert 0 <= images.min() <= images.max() <= 1
    assert images.mean() == pytest.approx(value, abs=1e-12)


def test_images_are_those_on_both_sides_of_the_crossing():
    (trial,) = with_images([history([2.0, 1.0, 0.5, 0.7], [0.3, 0.5, 0.8, 0.2])], 10)
    ends = [correct_images(epoch, images=10) for epoch in trial.epochs]
    for place, loss in ((0, 3.0), (0, 2.0), (1, 1.0), (2, 0.5), (2, 0.1)):
        assert correct_at_loss(trial, loss, images=10).tolist() == ends[place].tolist()
    between = correct_at_loss(trial, 0.8, images=10)
    part = (accuracy_at_loss(trial, 0.8) - 0.8) / (0.5 - 0.8)
    assert 0.1 < part < 0.9
    expected = [part * high + (1 - part) * deep for high, deep in zip(*ends[1:3], strict=True)]
    assert between.tolist() == pytest.approx(expected)


def test_of_equal_accuracies_the_nearer_images_count():
    (trial,) = with_images([history([2.0, 0.5], [0.5, 0.5])], 40, shared=0.0)
    first, second = (correct_images(epoch, images=40) for epoch in trial.epochs)
    assert first.tolist() != second.tolist()
    found = correct_at_loss(trial, 1.0, images=40)  # half way over the logarithm
    assert found.tolist() == pytest.approx((0.5 * first + 0.5 * second).tolist())


def test_images_are_unknown_where_one_side_did_not_keep_them():
    (trial,) = with_images([history([2.0, 1.0, 0.5], [0.3, 0.5, 0.8])], 10)
    older = replace(trial.epochs[0], evaluation_correct=None)
    trial = replace(trial, epochs=(older, *trial.epochs[1:]))
    assert correct_at_loss(trial, 1.5, images=10) is None
    assert correct_at_loss(trial, 0.7, images=10) is not None


def test_gaps_are_those_of_the_last_epoch():
    last = history([2.0, 0.5], [0.4, 0.8])
    gaps = end_gaps(last)
    assert gaps.loss_gap == pytest.approx(2.2 * 0.2)
    assert gaps.accuracy_gap == pytest.approx(max(math.exp(-0.5), 0.8) - 0.8)


def test_area_is_the_mean_height_by_trapezoids():
    # ln: 0, -1, -3: (-.5 - 2) / 2
    trial = history([1.0, math.exp(-1), math.exp(-3)])
    assert area_log_loss(trial) == pytest.approx(-1.25)
    assert area_log_loss(history([math.e])) == pytest.approx(1.0)


def test_the_faster_trial_has_the_smaller_area():
    assert area_log_loss(history([1.0, 0.1, 0.1])) < area_log_loss(history([1.0, 0.9, 0.1]))


def test_convergence_is_of_the_epochs_so_far():
    found = convergence(history([1.0, math.exp(-1)]))
    assert found.area_log_loss == pytest.approx(-0.5)
    assert (found.seconds, found.samples, found.flops) == (5.0, 2400, 6 * 2_000_000 * 2400)


@pytest.mark.parametrize(
    "read", [deepest_loss, end_gaps, area_log_loss, convergence, lambda h: accuracy_at_loss(h, 1.0)]
)
def test_no_epoch_is_an_error_that_names_the_trial(read):
    with pytest.raises(ValueError, match="0001-C-C-T-T-s0 has no measured epoch"):
        read(history([]))
