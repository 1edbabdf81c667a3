"""Accuracy against cost: matched sizes, spread sizes, and the front between."""

import math
from itertools import pairwise

import pytest

from nas.report.figures import cost, matched
from nas.report.figures.cost import _apart, _front
from nas.report.style import styles

FIVE = {"C-C-C-C": 0.80, "C-C-C-T": 0.79, "C-C-T-T": 0.76, "C-T-T-T": 0.75, "ViT_REL": 0.60}


def points(figure, axis):
    return [trace for trace in figure.data if trace.xaxis == axis and trace.name != "Pareto front"]


def front(figure):
    return [trace for trace in figure.data if trace.name == "Pareto front"]


def test_scores_have_whiskers_in_both_panels(six):
    figure = cost(six.table, looks=six.looks)
    for axis in ("x", "x2"):
        for trace, layout in zip(points(figure, axis), six.ranking.layouts, strict=True):
            assert trace.name == layout.label
            assert trace.y[0] == layout.score
            assert trace.y[0] + trace.error_y.array[0] == pytest.approx(layout.high)
    assert sum(bool(trace.showlegend) for trace in figure.data) == 5


def test_matched_sizes_stand_apart_as_differences_and_have_no_front(ranked):
    macs = [1_000_000, 1_000_000, 1_004_000, 996_000, 1_000_000]
    figure = cost(ranked(FIVE, macs=macs), looks=styles(FIVE))
    assert front(figure) == []
    low, high = figure.layout.xaxis.range
    assert high == -low < 0.02
    at = [trace.x[0] for trace in points(figure, "x")]
    gaps = [b - a for a, b in pairwise(sorted(at))]
    assert min(gaps) >= 0.04 * (high - low)
    assert at[3] == min(at)
    assert at[2] == max(at)
    assert "1M" in figure.layout.xaxis.title.text
    assert "1,004,000" in points(figure, "x")[2].hovertemplate


def test_sizes_of_another_order_of_magnitude_stand_on_a_log_axis(ranked):
    sizes = [100_000_000, 1_000_000, 10_000_000, 3_000_000, 30_000_000]
    figure = cost(ranked(FIVE, parameters=sizes), looks=styles(FIVE))
    assert figure.layout.xaxis2.type == "log"
    assert figure.layout.xaxis.type != "log"
    low, high = figure.layout.xaxis2.range
    assert low < math.log10(min(sizes)) < math.log10(max(sizes)) < high
    assert [trace.x[0] for trace in points(figure, "x2")] == pytest.approx(sizes)
    assert {"1M", "10M", "100M"} <= set(figure.layout.xaxis2.ticktext)


def test_sizes_that_differ_somewhat_stand_on_an_axis_from_zero(ranked):
    figure = cost(ranked(FIVE, macs=[1000, 1200, 1500, 2000, 3000]), looks=styles(FIVE))
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.xaxis.range[1] > 3000


def test_on_the_front_nothing_is_both_cheaper_and_better(ranked):
    figure = cost(ranked(FIVE, macs=[9000, 5000, 7000, 1000, 1500]), looks=styles(FIVE))
    (line,) = front(figure)
    assert line.y == (0.75, 0.79, 0.80)
    assert line.x == pytest.approx((1000, 5000, 9000))
    assert line.line.shape == "hv"


def test_a_withheld_score_is_not_on_the_front(ranked):
    table = ranked(FIVE, macs=[9000, 5000, 7000, 1000, 1500], withheld=["", "overfits", *[""] * 3])
    (line,) = front(cost(table, looks=styles(FIVE)))
    assert line.y == (0.75, 0.76, 0.80)


def test_of_equals_the_better_is_on_the_front():
    assert _front([10, 10, 20, 20], [0.5, 0.6, 0.6, 0.7]) == [1, 3]


@pytest.mark.parametrize(
    ("places", "least", "expected"),
    [
        ([1.0, 2.0, 3.0], 0.5, [1.0, 2.0, 3.0]),
        ([1.0, 1.0], 0.5, [0.75, 1.25]),
        ([1.0, 1.0, 1.0], 0.5, [0.5, 1.0, 1.5]),
        ([5.0, 1.0, 1.0], 0.5, [5.0, 0.75, 1.25]),
        ([0.0, 0.1, 0.6], 0.4, [-0.15, 0.25, 0.65]),
    ],
)
def test_markers_are_moved_no_more_than_keeps_them_apart(places, least, expected):
    moved = _apart(places, least)
    assert sum(moved) == pytest.approx(sum(places))
    assert moved == pytest.approx(expected, abs=0.02)


def test_sizes_are_matched_within_ten_per_cent():
    assert matched([1000, 1100])
    assert not matched([1000, 1101])
    assert matched([0, 0])
