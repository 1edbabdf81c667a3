"""Samplers: no point twice, the same answer for the same journal, learning better than chance."""

from dataclasses import replace
from functools import partial

import pytest

from nas.errors import SpecError
from nas.ranking.objective import Objective
from nas.search.build import build_search
from nas.search.samplers.choose import learning_sampler
from nas.search.samplers.learning import LearningSampler
from nas.search.samplers.sampler import RandomSampler, Sampler
from nas.space.candidate import Candidate, make_candidate
from nas.spec.choices import Metric
from nas.spec.study import ResourcesSpec, SearchSpec, StudySpec
from nas.study.records import DataShape, Pause, TrialHistory, TrialStatus
from search_spaces.language.parse import parse_space
from tests.nas.builders import measured, trial

SHAPE = DataShape(image_size=16, channels=1, classes=10)
SPACE = {
    "stem": {"width": 4, "depth": 1, "stride": 2},
    "head_size": 4,
    "stages": [
        {"type": "C", "depth": [1, 2, 3, 4], "width": [4, 8, 12, 16]},
        {"type": ["C", "T"], "depth": [1, 2, 3, 4], "width": [8, 16]},
    ],
}


def make(point, space=SPACE):
    return make_candidate(point, SHAPE, space=parse_space(space))


def tpe(
    space, make, *, seed: int, metric: Metric = Metric.ACCURACY, sampler: str = "tpe"
) -> LearningSampler:
    settings = SearchSpec(sampler=sampler, candidates=99, seeds=1, seed=seed, lag=1)
    return learning_sampler(space, make, settings, objective=Objective(metric=metric))


def play(sampler: Sampler, rounds: int, objective) -> list[TrialHistory]:
    histories: list[TrialHistory] = []
    for number in range(1, rounds + 1):
        candidate = sampler.propose(histories)
        assert isinstance(candidate, Candidate)
        planned = replace(
            trial(number, label=candidate.label, layout=candidate.layout, epochs=1),
            config=candidate.config,
            point=candidate.point,
        )
        epoch = measured(planned.id, 1, evaluation_accuracy=objective(candidate.config))
        histories.append(
            TrialHistory(trial=planned, status=TrialStatus.FINISHED, epochs=(epoch,), attempts=1)
        )
    return histories


def depth_of_first(config) -> float:
    return config.stages[0].depth / 4 - abs(config.stages[0].width - 12) / 40


@pytest.mark.parametrize("kind", [RandomSampler, tpe])
def test_no_point_twice_and_labels_count_up(kind):
    histories = play(kind(parse_space(SPACE), make, seed=0), 30, depth_of_first)
    assert len({history.trial.config for history in histories}) == 30
    labels = [history.trial.label for history in histories]
    assert len(set(labels)) == 30
    for layout in ("C-C", "C-T"):
        own = [label for label in labels if label.startswith(layout)]
        assert own == [f"{layout}#{k}" for k in range(1, len(own) + 1)]


@pytest.mark.parametrize("kind", [RandomSampler, tpe])
def test_a_rebuilt_sampler_asks_the_same(kind):
    histories = play(kind(parse_space(SPACE), make, seed=3), 15, depth_of_first)
    for known in (0, 5, 14):
        fresh = kind(parse_space(SPACE), make, seed=3).propose(histories[:known])
        assert isinstance(fresh, Candidate)
        assert fresh.config == histories[known].trial.config


def test_random_exhausts_a_small_space():
    space = {**SPACE, "stages": [{"type": "C", "depth": [1, 2], "width": 4}]}
    sampler = RandomSampler(parse_space(space), partial(make, space=space), seed=0)
    histories = play(sampler, 2, depth_of_first)
    assert sampler.propose(histories) is Pause.DONE


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "evolution"])
def test_those_that_learn_find_better_points_than_chance(sampler):
    def late_mean(kind, seed):
        histories = play(kind(parse_space(SPACE), make, seed=seed), 60, depth_of_first)
        return sum(h.epochs[-1].evaluation_accuracy for h in histories[40:]) / 20

    learns = partial(tpe, sampler=sampler)
    found = sum(late_mean(learns, seed) for seed in range(3)) / 3
    chance = sum(late_mean(RandomSampler, seed) for seed in range(3)) / 3
    assert found > chance + 0.05  # means over 60 draws: chance itself varies by about 0.03


def spec(**search) -> StudySpec:
    return StudySpec(name="s", space=SPACE, search=SearchSpec(**search))


def test_build_search_counts_the_trials_of_a_grid():
    assert build_search(spec(sampler="grid", seeds=2), SHAPE).expected == 2 * 16 * 8 * 2
    assert build_search(spec(sampler="random", seeds=2, candidates=7), SHAPE).expected == 14


def test_a_space_with_nothing_to_train_is_refused():
    impossible = StudySpec(
        name="s",
        space={**SPACE, "match": {"parameters": "1G", "within": 0.1}},
        search=SearchSpec(sampler="random", candidates=2),
    )
    with pytest.raises(SpecError, match="space"):
        build_search(impossible, SHAPE)


def test_a_layout_that_has_no_point_is_said():
    narrow = StudySpec(
        name="s",
        space={
            "stem": SPACE["stem"],
            "head_size": 4,
            "stages": [{"depth": 1, "width": 4}, {"depth": 1, "width": 8}],
            "layouts": {"C-C": {}, "C-T": {"depths": [1, [5, 6]]}},
            "match": {"parameters": 2000, "within": 0.3},
        },
    )
    search = build_search(narrow, SHAPE)
    (sentence,) = search.notes
    assert sentence.startswith("C-T is left out: C-T depths 1-5 ")
    assert search.expected == 3


def test_a_network_is_in_a_grid_once():
    twice = StudySpec(
        name="s",
        space={
            "stem": SPACE["stem"],
            "stages": [{"depth": 1, "width": 4}],
            "layouts": {
                "C": {},
                "again": {"types": "C"},
                "deep": {"types": "C", "depths": [[1, 2]]},
            },
        },
        search=SearchSpec(seeds=1),
    )
    search = build_search(twice, SHAPE)
    assert search.notes == (
        "again is left out: it is the network of C",
        "deep#1 is left out: it is the network of C",
    )
    assert search.expected == 2


def test_it_is_said_where_the_lag_leaves_workers_idle():
    def notes(concurrent):
        narrow = spec(sampler="tpe", candidates=9, seeds=2, lag=3)
        resources = ResourcesSpec(concurrent=concurrent)
        return build_search(narrow.model_copy(update={"resources": resources}), SHAPE).notes

    assert notes(6) == notes(None) == ()
    (sentence,) = notes(7)
    assert sentence.startswith("at most 6 of 7 trials run at once: search.lag 3")
