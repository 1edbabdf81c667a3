"""The estimator learns what the ranking ranks by, from lost trials too, and from points as such."""

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest

import nas.search.samplers.tpe as tpe_module
from nas.search.samplers.distributions import Axes
from nas.search.samplers.learning import Ending, LearningSampler, Pace, Seen
from nas.search.samplers.tpe import STARTUP, Tpe, told, visible
from nas.spec.choices import Metric
from nas.study.records import TrialHistory, TrialStatus
from search_spaces.language.parse import parse_space
from tests.nas.builders import TINY, measured
from tests.nas.search.samplers.test_sampler import SPACE, make, play, tpe

LATE = 25  # proposals after which the estimator must have learnt


def sampler(metric: Metric, seed: int = 0) -> LearningSampler:
    return tpe(parse_space(SPACE), make, seed=seed, metric=metric)


def chosen_late(histories: list[TrialHistory], lay: str) -> float:
    late = [history.trial.layout for history in histories[STARTUP + 5 :]]
    return late.count(lay) / len(late)


def continued(asked: LearningSampler, rounds: int, finish) -> list[TrialHistory]:
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
    fresh = sampler(Metric.ACCURACY)
    fresh.propose(strangers)
    assert fresh._seen.points == [h.trial.point for h in histories]
    pointless = [replace(h, trial=replace(h.trial, point=None)) for h in strangers]
    with pytest.raises(ValueError, match="has no point"):
        sampler(Metric.ACCURACY).propose(pointless)


def seen_of(worths: list[float], endings: dict[int, Ending] | None = None) -> Seen:
    """Return what is known of so many candidates that ended, and of two that are pending."""
    space = parse_space(SPACE)
    seen = Seen(space, [SimpleNamespace(worths=worths)], Pace(lag=3, seeds=1))
    rng = random.Random(0)
    seen.points += [space.assignment(space.sample(rng)) for _ in range(len(worths) + 2)]
    seen.endings += [(endings or {}).get(k, Ending.FINISHED) for k in range(len(worths))]
    seen.epochs += [7] * len(worths)
    return seen


def test_the_newest_are_shown_and_the_best_of_the_older():
    worths = [float(place % 50) for place in range(1000)]
    places = visible(seen_of(worths), newest=20, best=4)
    assert places[4:] == list(range(980, 1000))
    assert places[:4] == [799, 849, 899, 949]  # of equals the newest
    assert visible(seen_of(worths[:15]), newest=20, best=4) == list(range(15))


def test_what_was_lost_is_below_the_worst():
    lost = {0: Ending.LOST, 3: Ending.LOST}
    seen = seen_of([0.0, 0.5, 0.8, 0.0, 0.6], lost)
    assert told(seen, range(5))[0] == told(seen, [1, 2, 3])[3] == (pytest.approx(0.2),)
    assert told(seen, [0, 1]) == {0: (-0.5,), 1: (0.5,)}, "and of equals too"
    assert told(seen, [0, 3]) == {0: (0.0,), 3: (0.0,)}


def test_it_is_shown_what_became_of_each_and_again_when_that_changes():
    worths = [0.1, 0.5, 0.3, 0.2]
    seen = seen_of(worths, {2: Ending.STOPPED})
    estimator = Tpe(Axes(parse_space(SPACE)), seed=0)
    first = estimator._trials(seen)
    assert [trial.state.name for trial in first] == [
        "COMPLETE", "COMPLETE", "PRUNED", "COMPLETE", "RUNNING", "RUNNING",
    ]  # fmt: skip
    assert first[2].intermediate_values == {7: 0.3}
    worths[1:3] = [0.6, 0.4]
    again = estimator._trials(seen)
    assert [old is new for old, new in zip(first, again, strict=True)][:4] == [
        True, False, False, True,
    ]  # fmt: skip
    assert (again[1].values, again[2].intermediate_values) == ([0.6], {7: 0.4})


def test_of_several_goals_the_first_fronts_are_shown_and_nothing_lost(monkeypatch):
    monkeypatch.setattr(tpe_module, "NEWEST", 20)
    monkeypatch.setattr(tpe_module, "BEST", 5)
    accuracies = [0.5, 0.9, 0.7, 0.6, 0.95, 0.4] + [0.1] * 20
    sizes = [-5.0, -9.0, -8.0, -6.0, -1.0, -1.0] + [-9.0] * 20
    seen = seen_of(accuracies, {4: Ending.LOST})
    seen.goals = [SimpleNamespace(worths=each) for each in (accuracies, sizes)]
    estimator, endings = Tpe(Axes(parse_space(SPACE)), seed=0), list(seen.endings)
    for ended in range(1, len(endings) + 1):
        seen.endings[:] = endings[:ended]
        estimator.learned(seen)
    shown = [trial.number - 1 for trial in estimator._trials(seen)]
    assert shown == [0, 1, 2, 3, 5, *range(6, 28)]
    assert [trial.state.name for trial in estimator._trials(seen)][:6] == ["COMPLETE"] * 6
