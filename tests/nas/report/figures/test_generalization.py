"""Accuracy at equal training loss, drawn as it is scored."""

import math

import numpy as np
import pytest

from nas.ranking.curves import accuracy_at_loss
from nas.report.figures import generalization
from nas.report.figures.generalization import paths
from nas.report.style import styles
from nas.tables.frames import epochs_frame
from tests.nas.synthetic import DIGITS, study


def test_the_scores_are_marked_at_the_equal_loss(six):
    level = six.ranking.equal_loss
    figure = generalization(six.epochs, six.table, looks=six.looks, equal_loss=level)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [mark.x[0] for mark in marks] == [level] * 5
    assert [1 - mark.y[0] for mark in marks] == pytest.approx(six.table["score"].tolist())
    assert figure.layout.shapes[0].x0 == level
    assert figure.layout.annotations[0].x == pytest.approx(math.log10(level))


@pytest.mark.parametrize(("level", "side"), [(0.9, "left"), (0.02, "right")])
def test_the_words_at_the_equal_loss_stand_where_there_is_room(six, level, side):
    figure = generalization(six.epochs, six.table, looks=six.looks, equal_loss=level)
    assert figure.layout.annotations[0].xanchor == side


def test_a_layout_is_one_line_and_one_band_however_many_seeds():
    epochs = epochs_frame(study(seeds=range(20)))
    figure = generalization(epochs, epochs.head(0), looks=styles(DIGITS), equal_loss=None)
    assert len(figure.data) == 10
    assert not figure.layout.shapes
    left, right = figure.layout.xaxis.range
    assert left > right
    for trace in figure.data[1::2]:
        assert list(trace.x) == sorted(trace.x, reverse=True)
        assert left > math.log10(trace.x[0]) > math.log10(trace.x[-1]) > right


def test_the_line_reads_every_seed_as_the_score_does(six):
    label = "C-T-T-T"
    losses, read = paths(six.epochs[six.epochs["label"] == label])
    own = [history for history in six.histories if history.trial.label == label]
    assert read.shape == (6, len(losses))
    for i in (0, 10, len(losses) // 2, len(losses) - 1):
        expected = sorted(accuracy_at_loss(history, losses[i]) for history in own)
        assert sorted(read[:, i]) == pytest.approx(expected)


def test_the_line_is_as_long_as_the_median_seeds_way(six):
    rows = six.epochs[six.epochs["label"] == "ViT_REL"]
    losses, _ = paths(rows)
    by_trial = rows.groupby("trial")["probe_loss"]
    assert losses[0] == pytest.approx(by_trial.first().median())
    assert losses[-1] == pytest.approx(by_trial.min().median())


def test_a_run_alone_is_read_where_it_reached_new_lows():
    rows = epochs_frame(study({"C-T": DIGITS["C-C-T-T"]}, seeds=[0])).copy()
    rows.loc[4, "probe_loss"] = 3.0
    losses, read = paths(rows)
    assert len(losses) == 14
    assert np.all(np.diff(losses) < 0)
    assert read.shape == (1, 14)


def test_several_runs_of_one_epoch_are_one_point():
    rows = epochs_frame(study({"C-T": DIGITS["C-C-T-T"]}, seeds=range(3), epochs=1))
    losses, read = paths(rows)
    assert losses.tolist() == [pytest.approx(rows["probe_loss"].median())]
    assert read[:, 0].tolist() == rows["evaluation_accuracy"].tolist()
