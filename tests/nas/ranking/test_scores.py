"""Scores at equal training loss, by hand."""

from dataclasses import replace

import pytest

from nas.ranking.curves import Reach
from nas.ranking.scores import counted, equal_loss, finished, score
from nas.spec.study import Metric
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import fine_tuned, measured, trial_of, with_twin


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
    crossed = [scores.by_layout["C-C-T-T"][seed].reach for seed in (0, 1, 2)]
    assert crossed == [Reach.CROSSES, Reach.CROSSES, Reach.STAYS_ABOVE]


def test_metric_accuracy_reads_the_last_epoch():
    scores = score(STUDY, metric=Metric.ACCURACY)
    assert scores.equal_loss is None
    assert scores.values["C-C-T-T"] == {0: 0.80, 1: 0.72, 2: 0.68}


@pytest.mark.parametrize("status", [s for s in TrialStatus if s is not TrialStatus.FINISHED])
def test_only_finished_trials_count(status):
    better = history("C-C-C-C", 3, [2.0, 0.1, 0.01], [0.5, 0.9, 1.0], status)
    found = score([*STUDY, better], metric=Metric.GENERALIZATION)
    expected = score(STUDY, metric=Metric.GENERALIZATION)
    assert (found.equal_loss, found.by_layout) == (expected.equal_loss, expected.by_layout)
    assert found.statuses["C-C-C-C"][3] is status


def test_nothing_finished_has_no_equal_loss():
    scores = score([], metric=Metric.GENERALIZATION)
    assert scores.equal_loss is None
    assert scores.values == {}


def test_two_trials_of_one_label_and_seed_are_refused():
    with pytest.raises(ValueError, match="both C-C-C-C with seed 0"):
        score([*STUDY, STUDY[0]], metric=Metric.ACCURACY)


def test_a_later_seed_never_moves_the_equal_loss_or_a_score_already_read():
    first = score(STUDY, metric=Metric.GENERALIZATION, first=3)
    deep = [
        history(label, seed, [2.0, 0.3, 0.001], [0.3, 0.8, 0.99])
        for label in ("C-C-C-C", "C-C-T-T")
        for seed in (3, 4, 5)
    ]
    later = score([*STUDY, *deep], metric=Metric.GENERALIZATION, first=3)
    assert first.equal_loss == later.equal_loss == 0.8
    for label, seeds in first.by_layout.items():
        assert {seed: later.by_layout[label][seed] for seed in seeds} == dict(seeds)
    # it would have moved: were all seeds to count, l* were deeper
    assert equal_loss(finished([*STUDY, *deep])) < 0.8


def test_a_layout_without_a_first_round_has_no_say_in_the_equal_loss():
    late = history("ViT_REL", 3, [2.0, 1.5, 1.2], [0.3, 0.4, 0.5])
    scores = score([*STUDY, late], metric=Metric.GENERALIZATION, first=3)
    assert scores.equal_loss == 0.8
    assert scores.by_layout["ViT_REL"][3].reach is Reach.STAYS_ABOVE


def test_capacity_reads_the_last_epoch():
    assert score(STUDY, metric=Metric.CAPACITY) == score(STUDY, metric=Metric.ACCURACY)


def test_transfer_scores_fine_tunings_and_the_others_do_not():
    tuned = fine_tuned(STUDY)
    assert score(tuned, metric=Metric.ACCURACY) == score(STUDY, metric=Metric.ACCURACY)
    transfer = score(tuned, metric=Metric.TRANSFER)
    # five points of fine-tuning and one of averaged weights
    assert transfer.values["C-C-T-T"] == pytest.approx({0: 0.86, 1: 0.78, 2: 0.74})
    raw = score(fine_tuned(STUDY, ema=False), metric=Metric.TRANSFER)
    assert raw.values["C-C-T-T"] == pytest.approx({0: 0.85, 1: 0.77, 2: 0.73})


def test_averaged_weights_count_after_fine_tuning_only():
    averaged = [
        replace(h, epochs=tuple(replace(e, ema_evaluation_accuracy=0.1) for e in h.epochs))
        for h in STUDY
    ]
    scores = score(averaged, metric=Metric.ACCURACY)
    assert scores.values == score(STUDY, metric=Metric.ACCURACY).values


def test_a_fine_tuning_that_is_still_to_come_is_no_end_and_one_that_cannot_come_is():
    lost = replace(STUDY[1], status=TrialStatus.DIVERGED)
    histories = fine_tuned([STUDY[0], lost, STUDY[2]], seeds=[0])
    statuses = score(histories, metric=Metric.TRANSFER).statuses["C-C-C-C"]
    assert statuses == {
        0: TrialStatus.FINISHED,
        1: TrialStatus.DIVERGED,
        2: TrialStatus.PLANNED,
    }


@pytest.mark.parametrize("metric", list(Metric))
def test_a_twin_is_no_layout_and_has_no_say_in_the_equal_loss(metric):
    shallow = [
        replace(h, epochs=h.epochs[:1]) if h.trial.twin else h for h in with_twin(STUDY, "C-C-C-C")
    ]
    with_it, without = score(shallow, metric=metric), score(STUDY, metric=metric)
    assert with_it.by_layout == without.by_layout
    assert with_it.equal_loss == without.equal_loss
    assert list(with_it.twins) == ([] if metric is Metric.TRANSFER else ["C-C-C-C~twin"])


def test_what_a_metric_counts():
    tuned = fine_tuned(STUDY)
    assert all(h.trial.parent for h in counted(tuned, Metric.TRANSFER))
    assert len(counted(tuned, Metric.TRANSFER)) == len(counted(tuned, Metric.CAPACITY)) == 6
