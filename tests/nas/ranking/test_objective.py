"""What is maximised is what is ranked: samplers read candidates as the ranking does."""

import pytest

from nas.ranking.objective import Objective
from nas.spec.choices import Metric
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import fine_tuned, measured, trial_of, with_twin


def history(label, seed, losses, accuracies, status=TrialStatus.FINISHED):
    trial = trial_of(label, seed=seed, number=seed + 1, epochs=3)
    return TrialHistory(
        trial=trial,
        status=status,
        epochs=measured(trial, losses=losses, accuracies=accuracies),
        attempts=1,
    )


# B ends higher, but A is higher where both have a training loss of 0.5.
A = history("A", 0, [2.0, 0.5, 0.1], [0.3, 0.8, 0.82])
B = history("B", 0, [2.0, 1.0, 0.5], [0.3, 0.5, 0.7])


def test_the_metric_decides_what_is_maximised():
    at_the_end = Objective(metric=Metric.ACCURACY).means([A, B])
    assert at_the_end == {"A": 0.82, "B": 0.7}
    at_equal_loss = Objective(metric=Metric.GENERALIZATION).means([A, B])
    assert at_equal_loss == pytest.approx({"A": 0.8, "B": 0.7})


@pytest.mark.parametrize("metric", [Metric.ACCURACY, Metric.GENERALIZATION, Metric.CAPACITY])
def test_the_mean_of_a_candidate_is_the_ranking_s(metric):
    trials = [A, B, history("A", 1, [2.0, 0.6, 0.2], [0.3, 0.7, 0.9])]
    objective = Objective(metric=metric)
    values = objective.scores(trials).values
    expected = {label: sum(seeds.values()) / len(seeds) for label, seeds in values.items()}
    assert objective.means(trials) == pytest.approx(expected)


@pytest.mark.parametrize("lost", [TrialStatus.DIVERGED, TrialStatus.FAILED])
def test_a_lost_trial_counts_as_nothing(lost):
    gone = history("A", 1, [2.0], [0.6], lost)
    assert Objective(metric=Metric.ACCURACY).means([A, gone]) == {"A": pytest.approx(0.41)}
    assert Objective(metric=Metric.ACCURACY).means([gone]) == {"A": 0.0}


@pytest.mark.parametrize(
    "open_", [TrialStatus.PLANNED, TrialStatus.RUNNING, TrialStatus.PAUSED, TrialStatus.INTERRUPTED]
)
def test_a_candidate_that_has_not_ended_has_no_value_yet(open_):
    assert Objective(metric=Metric.ACCURACY).means([history("A", 0, [2.0], [0.6], open_)]) == {
        "A": None
    }


def test_a_stopped_trial_is_read_where_it_stands():
    stopped = history("C", 0, [2.0, 1.0], [0.3, 0.4], TrialStatus.STOPPED)
    assert Objective(metric=Metric.ACCURACY).means([A, stopped])["C"] == 0.4


def test_a_trial_that_does_not_cross_the_equal_loss_is_a_number_to_a_sampler():
    late = history("B", 1, [2.0, 1.5, 1.0], [0.3, 0.4, 0.5])
    objective = Objective(metric=Metric.GENERALIZATION, first=1)
    assert 1 in objective.scores([A, B, late]).unread["B"]
    assert objective.means([A, B, late])["B"] == pytest.approx((0.7 + 0.5) / 2)


def test_seeds_to_come_leave_the_equal_loss_room():
    trials = [A, B, history("B", 1, [2.0, 1.0, 0.4], [0.3, 0.5, 0.7])]
    still = Objective(metric=Metric.GENERALIZATION, first=2).scores(trials).equal_loss
    grown = Objective(metric=Metric.GENERALIZATION, first=2, growing=True).scores(trials).equal_loss
    # ln 0.5 - ln 0.4 = 0.223, of which the sd of two is 0.223 / sqrt(2): e^0.158 = 1.171
    assert (still, grown) == (0.5, pytest.approx(0.5 * 1.171, abs=1e-3))


def test_transfer_waits_for_the_fine_tuning():
    objective = Objective(metric=Metric.TRANSFER)
    assert objective.means([A]) == {"A": None}
    tuned = objective.means(fine_tuned([A]))["A"]
    assert tuned is not None
    assert tuned > 0.82
    assert objective.means([history("A", 0, [2.0], [0.6], TrialStatus.DIVERGED)]) == {"A": 0.0}


def test_a_twin_is_no_candidate():
    assert list(Objective(metric=Metric.ACCURACY).means(with_twin([A], "A"))) == ["A"]
