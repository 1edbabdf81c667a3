"""Every run is seen, the lost ones too."""

from dataclasses import replace

import pytest

from nas.report.figures import runs
from nas.study.records import TrialStatus
from nas.tables.frames import trials_frame
from tests.nas.synthetic import DIGITS, study


def lose(label, **statuses):
    lost = {int(name[1:]): TrialStatus(status) for name, status in statuses.items()}
    return replace(DIGITS[label], lost=lost)


def test_a_dot_a_seed_and_a_stroke_at_the_median(six):
    trials = trials_frame(six.histories)
    figure = runs(trials, six.table, looks=six.looks)
    assert len(figure.data) == 10
    dots, stroke = figure.data[0], figure.data[1]
    own = trials[trials["label"] == six.table["label"].iloc[0]]["evaluation_accuracy"]
    assert [1 - x for x in dots.x] == pytest.approx(own.tolist())
    assert 1 - stroke.x[0] == pytest.approx(own.median())
    assert len(set(dots.y)) == 6
    assert all(-0.3 < y < 0.3 for y in dots.y)
    assert figure.layout.yaxis.ticktext == tuple(six.table["label"])
    assert "xaxis2" not in figure.to_dict()["layout"]


def test_lost_runs_are_crosses_with_their_number(draw):
    layouts = {
        "C-C-C-C": DIGITS["C-C-C-C"],
        "C-C-T-T": lose("C-C-T-T", s1="diverged", s2="failed", s3="failed"),
    }
    made = draw(study(layouts, seeds=range(6)))
    figure = runs(trials_frame(made.histories), made.table, looks=made.looks)
    (crosses,) = [trace for trace in figure.data if trace.xaxis == "x2"]
    assert crosses.name == "C-C-T-T"
    assert crosses.marker.symbol == ("x", "x-open")
    assert crosses.text[-1].strip() == "3 of 6"
    assert crosses.hovertemplate == "1 diverged, 2 failed, of 6"
    assert figure.layout.xaxis.domain[0] > figure.layout.xaxis2.domain[1]


def test_a_layout_that_lost_every_run_has_a_row_below_the_ranked(draw):
    layouts = {
        "C-C-C-C": lose("C-C-C-C", s0="diverged", s1="diverged"),
        "ViT_REL": DIGITS["ViT_REL"],
    }
    made = draw(study(layouts, seeds=range(2)))
    figure = runs(trials_frame(made.histories), made.table, looks=made.looks)
    assert figure.layout.yaxis.ticktext == ("ViT_REL", "C-C-C-C")
    assert figure.data[-1].y == (1,)


def test_what_still_runs_is_not_drawn(draw):
    layouts = {"C-C-C-C": lose("C-C-C-C", s0="running", s1="planned")}
    made = draw(study(layouts, seeds=range(3)))
    figure = runs(trials_frame(made.histories), made.table, looks=made.looks)
    assert len(figure.data[0].x) == 1
    assert figure.data[0].customdata[0][0] == 2


def test_stopped_runs_are_squares_beside_the_lost_and_paused_ones_are_not_drawn(draw):
    layouts = {"C-C-T-T": lose("C-C-T-T", s0="stopped", s1="stopped", s2="failed", s3="paused")}
    made = draw(study(layouts, seeds=range(6)))
    figure = runs(trials_frame(made.histories), made.table, looks=made.looks)
    (dots, _, marks) = figure.data
    assert len(dots.x) == 2
    assert marks.marker.symbol == ("x-open", "square-open")
    assert marks.text[-1].strip() == "3 of 5"
    assert marks.hovertemplate == "1 failed, 2 stopped, of 5"
    assert figure.layout.xaxis2.ticktext == ("lost or stopped",)
