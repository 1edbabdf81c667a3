"""Seconds of an epoch from made-up measurements whose truth is known."""

import math
import random

import pytest

from nas.planning.seconds import DRIFT, Estimate, fit
from nas.planning.shapes import Shape, shape_of, shapes_of, to_measure
from tests.nas.planning.test_shapes import widths
from tests.nas.tiny import make_trial


def truth(shape: Shape) -> float:
    """What an epoch of it takes on a machine of our own."""
    macs, size = shape.work
    base = 0.05 + 2e-9 * macs + 4e-8 * size
    return base * (1.5 if shape.kind == "attention" else 1.0)


def test_estimates_add_and_scale():
    one = Estimate(estimate=2.0, low=1.0, high=4.0)
    assert one.plus(one) == one.times(2)


def test_of_one_that_was_measured_the_mean_of_its_rounds():
    shape = shape_of(make_trial())
    found = fit([(shape, (1.0, 4.0))]).of(shape)
    assert found.estimate == pytest.approx(2.0)
    quiet = fit([(shape, (2.0, 2.0))]).of(shape)
    half = 1.645 * DRIFT
    assert quiet.high == pytest.approx(2 * math.exp(half), rel=1e-3)
    assert quiet.low == pytest.approx(2 * math.exp(-half), rel=1e-3)
    assert found.high > 2 * quiet.high


def test_others_are_told_from_a_few_of_each_kind():
    many = shapes_of([*widths("C-C", 40), *widths("T-T", 40)])
    chosen = to_measure(many)
    clock = fit([(shape, (truth(shape),) * 2) for shape in chosen])
    assert len(clock.measured) == len(chosen) < len(many)
    for shape in many:
        assert clock.of(shape).estimate == pytest.approx(truth(shape), rel=0.05)


@pytest.mark.parametrize("scatter", [0.0, 0.15])
def test_the_interval_covers_nine_in_ten_though_rounds_may_agree(scatter):
    rng = random.Random(1)
    many = shapes_of([*widths("C-C", 40), *widths("T-T", 40)])
    inside = total = 0

    def took(shape: Shape, deviation: float) -> float:
        return truth(shape) * math.exp(rng.gauss(0, deviation))

    for _ in range(20):
        rounds = [
            (shape, (took(shape, scatter), took(shape, scatter))) for shape in to_measure(many)
        ]
        clock = fit(rounds)
        for shape in many:
            found = clock.of(shape)
            inside += found.low <= took(shape, 0.15) <= found.high  # as docs/plan.md has it
            total += 1
    assert inside / total > 0.85


def test_nothing_is_told_from_nothing():
    with pytest.raises(ValueError, match="nothing was measured"):
        fit([])
