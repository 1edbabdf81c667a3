"""The critical-difference diagram says what the relations say."""

from itertools import pairwise

import pytest

from nas.report.figures import critical_difference
from nas.report.style import styles

FIVE = {"C-C-C-C": 0.80, "C-C-C-T": 0.79, "C-C-T-T": 0.76, "C-T-T-T": 0.75, "ViT_REL": 0.60}
CLAIMS = (
    "C-C-C-C ≈ C-C-C-T",
    "C-C-C-C > C-C-T-T",
    "C-C-C-C > C-T-T-T",
    "C-C-C-C ≫ ViT_REL",
    "C-C-C-T > C-C-T-T",
    "C-C-C-T > C-T-T-T",
    "C-C-C-T ≫ ViT_REL",
    "C-C-T-T ? C-T-T-T",
    "C-C-T-T ≫ ViT_REL",
    "C-T-T-T ≫ ViT_REL",
)


def bars(figure):
    return [trace for trace in figure.data if trace.legendgroup]


def stems(figure):
    return {trace.name: trace for trace in figure.data if not trace.legendgroup}


def test_bars_join_what_is_not_told_apart_and_equivalence_looks_different(ranked, related):
    figure = critical_difference(ranked(FIVE), related(*CLAIMS), looks=styles(FIVE))
    equal, undecided = bars(figure)
    assert equal.name == "equivalent (≈)"
    assert undecided.name == "not told apart (≥, ?)"
    assert equal.x[1:-1] == (0.79, 0.80)
    assert undecided.x[1:-1] == (0.75, 0.76)
    assert equal.x[0] < 0.79
    assert equal.x[-1] > 0.80
    assert (equal.line.dash, undecided.line.dash) == ("solid", "4px,3px")
    assert equal.line.width > undecided.line.width
    assert equal.y == undecided.y  # they do not overlap, so they share a row


def test_overlapping_bars_stand_below_each_other(ranked, related):
    scores = {"C-C": 0.8, "C-T": 0.7, "T-T": 0.6}
    pairs = related("C-C ? C-T", "C-T ? T-T", "C-C > T-T")
    first, second = bars(critical_difference(ranked(scores), pairs, looks=styles(scores)))
    assert first.y != second.y
    assert (first.showlegend, second.showlegend) == (True, False)


def test_the_best_are_on_the_right_and_no_two_stems_cross(ranked, related):
    figure = critical_difference(ranked(FIVE), related(*CLAIMS), looks=styles(FIVE))
    found = stems(figure)
    low, high = figure.layout.xaxis.range
    for name, score in FIVE.items():
        stem = found[name]
        assert stem.x[:2] == (score, score)
        right = name.startswith("C-C")
        assert stem.x[2] == (high if right else low)
        assert stem.yaxis == ("y2" if right else "y")
    inner_is_lower = [found[name].y[2] for name in ("C-C-C-C", "C-C-C-T", "C-C-T-T")]
    assert inner_is_lower == sorted(inner_is_lower, reverse=True)
    assert found["C-T-T-T"].y[2] < found["ViT_REL"].y[2]
    texts = figure.layout.yaxis2.ticktext
    assert [text.split()[0] for text in texts] == ["C-C-C-C", "C-C-C-T", "C-C-T-T"]
    assert figure.layout.yaxis2.tickvals == tuple(inner_is_lower)


def test_high_scores_stand_on_an_axis_of_errors_that_still_has_the_best_right(six):
    figure = critical_difference(six.table, six.pairs, looks=six.looks)
    assert figure.layout.xaxis.type == "log"
    left, right = figure.layout.xaxis.range
    assert left > right
    (bar,) = bars(figure)
    best = six.table["score"].iloc[:2]
    assert sorted(bar.x[1:-1]) == pytest.approx(sorted(1 - score for score in best))


def test_a_withheld_layout_is_hollow_dotted_and_said(ranked, related):
    table = ranked({"C-C": 0.8, "T-T": 0.7}, withheld=["", "overfits"])
    pairs = related("C-C ? T-T", withheld=["overfits"])
    figure = critical_difference(table, pairs, looks=styles(["C-C", "T-T"]))
    assert bars(figure) == []
    stem = stems(figure)["T-T"]
    assert stem.line.dash == "dot"
    assert stem.marker.color == "#ffffff"
    assert figure.layout.yaxis.ticktext[0].endswith("withheld")
    assert "nothing is claimed of hollow markers" in figure.layout.annotations[0].text


def test_pairs_that_are_not_compared_are_joined_and_counted(ranked, related):
    scores = {"C-C": 0.8, "T-T": 0.7}
    pairs = related("C-C ? T-T", withheld=["sizes differ"])
    figure = critical_difference(ranked(scores), pairs, looks=styles(scores))
    assert len(bars(figure)) == 1
    said = figure.layout.annotations[0].text
    assert said == "not compared, and so not told apart: 1 of 1 pairs"


def test_no_bar_at_all_is_said(ranked, related):
    scores = {"C-C": 0.8, "T-T": 0.7}
    figure = critical_difference(ranked(scores), related("C-C > T-T"), looks=styles(scores))
    assert figure.layout.annotations[0].text == "no bar: every pair is told apart"
    assert figure.layout.showlegend is False


def test_of_many_layouts_the_best_are_drawn_and_the_rest_counted(ranked, related):
    names = [f"C-T#{k}" for k in range(40)]
    scores = {name: 0.8 - 0.01 * k for k, name in enumerate(names)}
    pairs = related(*(f"{a} ? {b}" for a, b in pairwise(names)))
    figure = critical_difference(ranked(scores), pairs, looks=styles(names))
    assert list(stems(figure)) == names[:24]
    assert len(bars(figure)) == 12
    said = figure.layout.annotations[0].text
    assert "the best 24 of 40 layouts" in said
    assert "12 of 23 groups" in said
