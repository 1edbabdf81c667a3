"""Optuna is shown candidates as what they are, and keeps nothing of them."""

import warnings

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from nas.search.samplers.asking import ask, quietly, shown, study_of
from nas.search.samplers.distributions import Axes
from search_spaces.language.parse import parse_space
from tests.contracts.sampler import SPACE

AXES = Axes(parse_space(SPACE))
PARAMS = {"layout": "C-C", "depth1": 3, "width1": 2, "depth2": 0, "width2": 16}


def test_a_candidate_is_complete_running_or_pruned():
    ended = shown(0, PARAMS, AXES, worth=(0.5, -3.0))
    assert (ended.state, ended.values, ended.number) == (TrialState.COMPLETE, [0.5, -3.0], 1)
    pending = shown(1, PARAMS, AXES, worth=None)
    assert (pending.state, pending.values) == (TrialState.RUNNING, None)
    stopped = shown(2, PARAMS, AXES, worth=(0.4,), stopped_at=6)
    assert (stopped.state, stopped.intermediate_values) == (TrialState.PRUNED, {6: 0.4})
    assert stopped.params == PARAMS


class Listening(RandomSampler):
    """Remembers what it was shown."""

    def infer_relative_search_space(self, study, trial):
        self.seen = study._get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return super().infer_relative_search_space(study, trial)


def test_a_sampler_sees_what_it_is_shown_and_nothing_is_copied():
    trials = [shown(place, PARAMS, AXES, worth=(0.5,)) for place in range(3)]
    sampler = Listening(seed=0)
    point = ask(trials, sampler, AXES, goals=1)
    assert [each is trial for each, trial in zip(sampler.seen, trials, strict=True)] == [True] * 3
    again = ask(trials, Listening(seed=0), AXES, goals=1)
    assert point == again
    assert point.keys() >= {"layout"}


def test_goals_are_to_be_large():
    study = study_of((), RandomSampler(), goals=2)
    assert study.directions == [optuna.study.StudyDirection.MAXIMIZE] * 2


def test_experiments_of_optuna_s_are_made_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = quietly(lambda: TPESampler(multivariate=True, group=True))
    assert isinstance(made, BaseSampler)
