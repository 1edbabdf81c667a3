"""Scores at equal training loss, by hand."""

import math
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


# C-C-C-C gets to 0.1, 0.2, 0.4; C-C-T-T only to 0.5, 0.8, 1.0: all of them to 1.0, which is l*.
STUDY = [
    history("C-C-C-C", 0, [2.0, 1.0, 0.1], [0.30, 0.60, 0.90]),
    history("C-C-C-C", 1, [2.0, 1.0, 0.2], [0.30, 0.62, 0.91]),
    history("C-C-C-C", 2, [2.0, 1.0, 0.4], [0.30, 0.64, 0.92]),
    history("C-C-T-T", 0, [2.0, 1.0, 0.5], [0.30, 0.70, 0.80]),
    history("C-C-T-T", 1, [2.0, 1.0, 0.8], [0.30, 0.50, 0.72]),
    history("C-C-T-T", 2, [2.0, 1.2, 1.0], [0.30, 0.50, 0.68]),
]


def test_equal_loss_is_the_largest_of_the_lowest_losses_so_that_every_run_reaches_it():
    assert equal_loss(finished(STUDY)) == 1.0


def test_scores_are_read_where_the_trajectory_crosses_the_equal_loss():
    scores = score(STUDY, metric=Metric.GENERALIZATION)
    assert scores.equal_loss == 1.0
    assert scores.values["C-C-C-C"] == pytest.approx({0: 0.60, 1: 0.62, 2: 0.64})
    assert scores.values["C-C-T-T"] == pytest.approx({0: 0.70, 1: 0.50, 2: 0.68})
    assert scores.unread == {}


def test_a_later_trial_that_stays_above_the_equal_loss_ends_what_is_read_of_its_layout():
    later = [
        history("C-C-T-T", 3, [2.0, 1.0, 0.9], [0.3, 0.6, 0.7]),
        history("C-C-T-T", 4, [2.0, 1.2, 1.01], [0.3, 0.5, 0.6]),
        history("C-C-T-T", 5, [2.0, 1.0, 0.3], [0.3, 0.8, 0.9]),
    ]
    scores = score([*STUDY, *later], metric=Metric.GENERALIZATION, first=3)
    assert list(scores.by_layout["C-C-T-T"]) == [0, 1, 2, 3]
    unread = {seed: each.reach for seed, each in scores.unread["C-C-T-T"].items()}
    assert unread == {4: Reach.STAYS_ABOVE, 5: Reach.CROSSES}
    assert list(scores.prefix("C-C-T-T")) == [0, 1, 2, 3]
    assert list(scores.finished("C-C-T-T")) == [0, 1, 2, 3, 4, 5]
    assert list(scores.first_round("C-C-T-T")) == [0, 1, 2]
    assert list(scores.prefix("C-C-C-C")) == [0, 1, 2]


def test_a_later_trial_that_begins_below_ends_it_likewise():
    early = history("C-C-C-C", 3, [0.9, 0.5, 0.1], [0.6, 0.8, 0.9])
    scores = score([*STUDY, early], metric=Metric.GENERALIZATION, first=3)
    assert list(scores.by_layout["C-C-C-C"]) == [0, 1, 2]
    assert scores.unread["C-C-C-C"][3].reach is Reach.BEGINS_BELOW


def test_a_run_of_the_first_round_that_begins_below_has_no_score():
    early = history("C-C-C-C", 0, [0.9, 0.5, 0.1], [0.6, 0.8, 0.9])
    scores = score([early, *STUDY[1:]], metric=Metric.GENERALIZATION)
    assert list(scores.by_layout["C-C-C-C"]) == [1, 2]
    assert scores.unread["C-C-C-C"][0].reach is Reach.BEGINS_BELOW
    assert dict(scores.prefix("C-C-C-C")) == {}


@pytest.mark.parametrize(
    ("lowest", "level"),
    [
        # ln: median of 0, 0.1 and the third is 0.1, MAD 0.1: a factor e above it is ln 1.1
        (math.exp(1.09), math.exp(1.09)),
        (math.exp(1.11), math.exp(0.1)),
    ],
)
def test_a_run_that_went_astray_has_no_say_in_the_equal_loss(lowest, level):
    study = [
        history("A", 0, [9.0, 2.0, 1.0], [0.3, 0.5, 0.7]),
        history("A", 1, [9.0, 2.0, math.exp(0.1)], [0.3, 0.5, 0.7]),
        history("A", 2, [9.0, 8.0, lowest], [0.1, 0.1, 0.1]),
    ]
    assert equal_loss(finished(study)) == pytest.approx(level)
    scores = score(study, metric=Metric.GENERALIZATION)
    assert (2 in scores.unread.get("A", {})) is (level < lowest)


def test_where_a_layout_s_runs_are_all_far_apart_none_went_astray():
    # ln: 0, 1, 3: median 1, MAD 1, of which 8.9 are more than the 2 that the last is above
    losses = [1.0, math.exp(1), math.exp(3)]
    study = [history("A", s, [30.0, 25.0, loss], [0.1, 0.2, 0.3]) for s, loss in enumerate(losses)]
    assert equal_loss(finished(study)) == pytest.approx(math.exp(3))


def test_of_two_runs_neither_went_astray():
    study = [
        history("A", 0, [2.3, 1.0, 0.02], [0.3, 0.5, 0.7]),
        history("A", 1, [2.3, 2.3, 2.2], [0.1, 0.1, 0.1]),
    ]
    assert equal_loss(finished(study)) == 2.2


def rounds(begin):
    # ln of the lowest: -1, -0.8, -0.6 (sd 0.2); of B all alike and higher
    losses = [("A", -1.0), ("A", -0.8), ("A", -0.6), ("B", -0.5), ("B", -0.5), ("B", -0.5)]
    return [
        history(label, i % 3, [begin, 0.9 * begin, math.exp(lowest)], [0.3, 0.5, 0.7])
        for i, (label, lowest) in enumerate(losses)
    ]


def test_where_seeds_may_be_added_the_equal_loss_leaves_them_one_sd_of_room():
    study = finished(rounds(2.0))
    assert equal_loss(study, first=3) == pytest.approx(math.exp(-0.5))
    # A: -0.6 + 0.2 is above B's -0.5 + 0
    assert equal_loss(study, first=3, growing=True) == pytest.approx(math.exp(-0.4))


def test_no_room_makes_a_run_of_the_first_round_begin_below():
    study = finished(rounds(0.64))  # ln: -0.446
    assert equal_loss(study, first=3, growing=True) == 0.64
    scores = score(rounds(0.64), metric=Metric.GENERALIZATION, first=3, growing=True)
    assert scores.unread == {}


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
    added = [
        history(label, seed, [2.0, 1.5, lowest], [0.3, 0.4, 0.5])
        for label in ("C-C-C-C", "C-C-T-T")
        for seed, lowest in ((3, 0.001), (4, 1.4), (5, 0.1))
    ]
    later = score([*STUDY, *added], metric=Metric.GENERALIZATION, first=3)
    assert first.equal_loss == later.equal_loss == 1.0
    for label, seeds in first.by_layout.items():
        assert {seed: later.by_layout[label][seed] for seed in seeds} == dict(seeds)
    # it would have moved: all seeds reach no more than this
    assert equal_loss(finished([*STUDY, *added])) == 1.4


def test_a_layout_without_a_first_round_has_no_say_in_the_equal_loss():
    late = history("ViT_REL", 3, [2.0, 1.5, 1.2], [0.3, 0.4, 0.5])
    scores = score([*STUDY, late], metric=Metric.GENERALIZATION, first=3)
    assert scores.equal_loss == 1.0
    assert not scores.crosses("ViT_REL")
    assert dict(scores.prefix("ViT_REL")) == {}
    assert scores.unread["ViT_REL"][3].reach is Reach.STAYS_ABOVE


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
def test_a_twin_is_no_layout(metric):
    both = with_twin(STUDY, "C-C-C-C")
    with_it, without = score(both, metric=metric), score(STUDY, metric=metric)
    assert with_it.by_layout == without.by_layout
    assert with_it.equal_loss == without.equal_loss
    assert list(with_it.twins) == ([] if metric is Metric.TRANSFER else ["C-C-C-C~twin"])


def test_the_twin_s_runs_reach_the_equal_loss_too():
    shallow = [
        replace(h, epochs=h.epochs[:1]) if h.trial.twin else h for h in with_twin(STUDY, "C-C-C-C")
    ]
    scores = score(shallow, metric=Metric.GENERALIZATION)
    assert scores.equal_loss == 2.0
    assert list(scores.twins["C-C-C-C~twin"]) == [0, 1, 2]
    assert scores.unread == {}


def test_what_a_metric_counts():
    tuned = fine_tuned(STUDY)
    assert all(h.trial.parent for h in counted(tuned, Metric.TRANSFER))
    assert len(counted(tuned, Metric.TRANSFER)) == len(counted(tuned, Metric.CAPACITY)) == 6
