"""Figure 1 of the paper for any study."""

from dataclasses import replace

import pytest

from nas.report.figures import learning_curves
from nas.report.style import styles
from nas.study.records import TrialStatus
from nas.tables.frames import epochs_frame
from tests.nas.synthetic import DIGITS, study


def test_a_median_and_a_band_for_each_layout_in_both_panels(six, named):
    figure = learning_curves(six.epochs, looks=six.looks)
    assert len(figure.data) == 5 * 4
    band, line, _, accuracy = named(figure, "C-C-T-T")
    rows = six.epochs[(six.epochs["label"] == "C-C-T-T") & (six.epochs["epoch"] == 15)]
    assert line.y[-1] == rows["probe_loss"].median()
    assert band.y[14] == rows["probe_loss"].quantile(0.25)
    assert band.y[15] == rows["probe_loss"].quantile(0.75)
    assert 1 - accuracy.y[-1] == pytest.approx(rows["evaluation_accuracy"].median())
    assert (line.xaxis, accuracy.xaxis) == ("x", "x2")
    assert sum(bool(trace.showlegend) for trace in figure.data) == 5


def test_steps_are_on_the_axis_not_epochs(six, named):
    figure = learning_curves(six.epochs, looks=six.looks)
    assert named(figure, "ViT_REL")[1].x == tuple(10 * epoch for epoch in range(1, 16))
    assert figure.layout.xaxis.title.text == "optimizer steps"
    assert figure.layout.yaxis.type == "log"


def test_three_seeds_have_a_band_from_the_lowest_to_the_highest(named):
    epochs = epochs_frame(study(seeds=range(3)))
    band = named(learning_curves(epochs, looks=styles(DIGITS)), "C-C-T-T")[0]
    last = epochs[(epochs["label"] == "C-C-T-T") & (epochs["epoch"] == 15)]["probe_loss"]
    assert band.y[14:16] == (last.min(), last.max())


def test_one_seed_and_one_epoch_are_a_point(named):
    epochs = epochs_frame(study({"C-C-T-T": DIGITS["C-C-T-T"]}, seeds=[0], epochs=1))
    _, line, _, accuracy = named(learning_curves(epochs, looks=styles(DIGITS)), "C-C-T-T")
    assert (len(line.x), len(accuracy.x)) == (1, 1)
    assert "markers" in line.mode


def test_a_lost_run_is_dotted_up_to_a_cross(named):
    layout = replace(DIGITS["C-C-T-T"], lost={1: TrialStatus.DIVERGED, 2: TrialStatus.FAILED})
    histories = study({"C-C-T-T": layout}, seeds=range(4))
    kept = epochs_frame(h for h in histories if h.status is TrialStatus.FINISHED)
    lost = epochs_frame(h for h in histories if h.status is not TrialStatus.FINISHED)
    figure = learning_curves(kept, looks=styles(DIGITS), lost=lost)
    runs = named(figure, "a lost run")
    assert len(runs) == 4
    assert sum(bool(run.showlegend) for run in runs) == 1
    for run in runs:
        assert run.x[-1] == 70
        assert run.marker.symbol == "x"
        assert run.marker.size == (0,) * 6 + (9,)
        assert run.line.dash == "dot"
    # and is in no median
    assert named(figure, "C-C-T-T")[1].customdata[0][3] == 2
