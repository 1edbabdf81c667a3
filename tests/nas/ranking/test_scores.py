"""Scores at equal training loss, by hand."""

import pytest

from nas.ranking.scores import equal_loss, finished, score
from nas.ranking.synthetic import measured, trial_of
from nas.records import TrialHistory, TrialStatus
from nas.spec import Metric


def history(label, seed, losses, accuracies, status=TrialStatus.FINISHED):
    """A trial with these curves."""
    trial = trial_of(label, seed=seed, number=seed + 1, epochs=3)
    return TrialHistory(
        trial=trial,
        status=status,
        epochs=measured(trial, losses=losses, accuracies=accuracies),
        attempts=1,
    )


# C-C-C-C gets to 0.1, 0.2, 0.4; C-C-T-T only to 0.5, 0.8, 1.0: l* is the median 0.8.
STUDY = [
    history("C-C-C-C", 0, [2.0, 0.8, 0.1], [0.30, 0.60, 0.90]),
    history("C-C-C-C", 1, [2.0, 0.8, 0.2], [0.30, 0.62, 0.91]),
    history("C-C-C-C", 2, [2.0, 0.8, 0.4], [0.30, 0.64, 0.92]),
    history("C-C-T-T", 0, [2.0, 0.8, 0.5], [0.30, 0.70, 0.80]),
    history("C-C-T-T", 1, [2.0, 1.2, 0.8], [0.30, 0.50, 0.72]),
    history("C-C-T-T", 2, [2.0, 1.2, 1.0], [0.30, 0.50, 0.68]),
]


def test_equal_loss_is_the_largest_median_of_the_lowest_losses():
    assert equal_loss(finished(STUDY)) == 0.8


def test_scores_are_read_where_the_trajectory_crosses_the_equal_loss():
    scores = score(STUDY, metric=Metric.GENERALIZATION)
    assert scores.equal_loss == 0.8
    assert scores.values["C-C-C-C"] == pytest.approx({0: 0.60, 1: 0.62, 2: 0.64})
    assert scores.values["C-C-T-T"] == pytest.approx({0: 0.70, 1: 0.72, 2: 0.68})


def test_a_trial_that_stays_above_the_equal_loss_is_kept_and_marked():
    scores = score(STUDY, metric=Metric.GENERALIZATION)
    assert [scores.by_layout["C-C-T-T"][seed].reached for seed in (0, 1, 2)] == [True, True, False]


def test_metric_accuracy_reads_the_last_epoch():
    scores = score(STUDY, metric=Metric.ACCURACY)
    assert scores.equal_loss is None
    assert scores.values["C-C-T-T"] == {0: 0.80, 1: 0.72, 2: 0.68}


@pytest.mark.parametrize("status", [s for s in TrialStatus if s is not TrialStatus.FINISHED])
def test_only_finished_trials_count(status):
    better = history("C-C-C-C", 3, [2.0, 0.1, 0.01], [0.5, 0.9, 1.0], status)
    assert score([*STUDY, better], metric=Metric.GENERALIZATION) == score(
        STUDY, metric=Metric.GENERALIZATION
    )


def test_nothing_finished_has_no_equal_loss():
    scores = score([], metric=Metric.GENERALIZATION)
    assert scores.equal_loss is None
    assert scores.values == {}


def test_two_trials_of_one_label_and_seed_are_refused():
    with pytest.raises(ValueError, match="both C-C-C-C with seed 0"):
        score([*STUDY, STUDY[0]], metric=Metric.ACCURACY)
