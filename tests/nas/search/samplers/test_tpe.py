"""The estimator learns what the ranking ranks by, from lost trials too, and from points as such."""

from dataclasses import replace

import pytest

from nas.ranking.objective import Objective
from nas.search.samplers.sampler import proposed
from nas.search.samplers.tpe import STARTUP, TpeSampler
from nas.spec.choices import Metric
from nas.study.records import TrialHistory, TrialStatus
from search_spaces.language.parse import parse_space
from tests.nas.builders import TINY, measured
from tests.nas.search.samplers.test_sampler import SPACE, make, play, tpe

LATE = 25  # proposals after which the estimator must have learnt


def sampler(metric: Metric, seed: int = 0) -> TpeSampler:
    return TpeSampler(parse_space(SPACE), make, objective=Objective(metric=metric), seed=seed)


def chosen_late(histories: list[TrialHistory], lay: str) -> float:
    late = [history.trial.layout for history in histories[STARTUP + 5 :]]
    return late.count(lay) / len(late)


def continued(asked: TpeSampler, rounds: int, finish) -> list[TrialHistory]:
    """Play rounds whose histories `finish` makes of a trial."""
    histories: list[TrialHistory] = []
    for number in range(1, rounds + 1):
        (planned,) = play(Fixed(asked.propose(histories)), 1, lambda _: 0.5)
        numbered = replace(planned.trial, number=number, id=f"{number:04d}-x-s0")
        histories.append(finish(replace(planned, trial=numbered)))
    return histories


class Fixed:
    def __init__(self, candidate) -> None:
        self.candidate = candidate

    def propose(self, histories):
        return self.candidate


def two_epochs(history: TrialHistory, first: tuple, last: tuple) -> TrialHistory:
    """Give a trial two epochs of (probe loss, evaluation accuracy)."""
    epochs = tuple(
        measured(history.trial.id, number, probe_loss=loss, evaluation_accuracy=accuracy)
        for number, (loss, accuracy) in enumerate((first, last), start=1)
    )
    return replace(history, epochs=epochs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "better"), [(Metric.ACCURACY, "C-T"), (Metric.GENERALIZATION, "C-C")]
)
def test_it_maximises_the_metric_of_the_ranking(metric, better):
    """C-T ends higher; C-C is higher where both have a training loss of 0.5."""

    def finish(history):
        if history.trial.layout == "C-C":
            return two_epochs(history, (0.5, 0.8), (0.1, 0.82))
        return two_epochs(history, (2.0, 0.3), (0.5, 0.9 if metric is Metric.ACCURACY else 0.7))

    assert chosen_late(continued(sampler(metric), LATE, finish), better) > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("lost", [TrialStatus.FAILED, TrialStatus.DIVERGED])
def test_it_learns_to_leave_alone_what_fails(lost):
    """Lost trials had been far ahead when they were lost."""

    def finish(history):
        if history.trial.layout == "C-C":
            return replace(two_epochs(history, (0.5, 0.95), (0.1, 0.99)), status=lost)
        return two_epochs(history, (2.0, 0.3), (0.5, 0.5))

    assert chosen_late(continued(sampler(Metric.ACCURACY), LATE, finish), "C-C") < 0.4


def test_it_reads_the_point_of_a_trial_not_its_network():
    histories = play(tpe(parse_space(SPACE), make, seed=3), 14, lambda _: 0.5)
    strangers = [
        replace(history, trial=replace(history.trial, config=replace(TINY, classes=2 + number)))
        for number, history in enumerate(histories)
    ]
    first = proposed(strangers)
    study = sampler(Metric.ACCURACY)._study(first, dict.fromkeys(first, 0.5))
    assert [trial.params for trial in study.trials] == [h.trial.point for h in histories]
    pointless = [replace(h, trial=replace(h.trial, point=None)) for h in strangers]
    with pytest.raises(ValueError, match="has no point"):
        sampler(Metric.ACCURACY).propose(pointless)
