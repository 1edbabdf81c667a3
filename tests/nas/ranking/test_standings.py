"""One candidate at a time, and still what the objective says of all of them together."""

import random
from dataclasses import replace

import pytest

from nas.ranking.objective import Objective
from nas.ranking.standings import Standings
from nas.spec.choices import Metric
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import fine_tuned, measured, trial_of

SEEDS = 3
STATUSES = [TrialStatus.FINISHED] * 6 + [
    TrialStatus.STOPPED,
    TrialStatus.DIVERGED,
    TrialStatus.FAILED,
]


def run(label: str, seed: int, rng: random.Random, *, averaged: bool) -> TrialHistory:
    """Return a trial that ended somehow; some runs go astray, some losses climb back."""
    trial = trial_of(label, seed=seed, number=1, epochs=rng.randint(1, 9))
    end = 1.5 if rng.random() < 0.05 else rng.uniform(0.02, 0.5)
    losses = [2.0 * (end / 2.0) ** (k / 9) * rng.uniform(0.7, 1.2) for k in range(trial.epochs)]
    accuracies = [rng.uniform(0.3, 0.9) for _ in losses]
    epochs = measured(trial, losses=losses, accuracies=accuracies)
    if averaged:
        epochs = tuple(
            replace(
                epoch,
                ema_probe_loss=1.1 * epoch.probe_loss,
                ema_evaluation_accuracy=epoch.evaluation_accuracy + 0.01,
            )
            for epoch in epochs
        )
    return TrialHistory(trial=trial, status=rng.choice(STATUSES), epochs=epochs, attempts=1)


@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("first", [None, 2])
@pytest.mark.parametrize("metric", list(Metric))
def test_they_are_the_objective_s_means_of_all_so_far(metric, first, growing, averaged):
    rng = random.Random(f"{metric} {first} {growing} {averaged}")
    objective = Objective(metric=metric, first=first, growing=growing)
    standings, every = Standings(objective), []
    for place in range(25):
        runs = [run(f"C#{place}", seed, rng, averaged=averaged) for seed in range(SEEDS)]
        if metric is Metric.TRANSFER:
            runs = list(fine_tuned(runs))
        every += runs
        standings.add(runs)
        means = list(objective.means(every).values())
        assert list(standings.worths) == pytest.approx(means, rel=1e-12)


def test_a_candidate_of_which_nothing_was_measured_is_worth_nothing():
    rng = random.Random(0)
    lost = replace(run("C#1", 0, rng, averaged=False), status=TrialStatus.FAILED, epochs=())
    for metric in (Metric.ACCURACY, Metric.GENERALIZATION):
        standings = Standings(Objective(metric=metric))
        standings.add([lost])
        assert list(standings.worths) == [0.0]
