"""What explored and what confirms are told apart, and the ranking knows the latter alone."""

from dataclasses import replace

from nas.ranking.confirmed import confirmed, explored, shortlist
from nas.ranking.objective import Objective
from nas.spec.confirm import ConfirmSpec
from nas.spec.study import Metric, SearchSpec
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import SyntheticLayout, study

ACCURACY = Objective(metric=Metric.ACCURACY)
SEARCH = SearchSpec(seeds=2, confirm=ConfirmSpec(candidates=2, seeds=3))


def exploration(**scores: float) -> tuple[TrialHistory, ...]:
    layouts = {
        label.replace("_", "#"): SyntheticLayout(accuracy=score, spread=0.0)
        for label, score in scores.items()
    }
    return tuple(
        replace(h, trial=replace(h.trial, layout=h.trial.label.partition("#")[0]))
        for h in study(layouts, seeds=(0, 1))
    )


def test_the_first_seeds_explore_and_the_others_are_counted_anew() -> None:
    trials = study({"C": SyntheticLayout(accuracy=0.5, spread=0.0)}, seeds=range(5))
    assert [h.trial.seed for h in explored(trials, SEARCH)] == [0, 1]
    found = confirmed(trials, SEARCH)
    assert [h.trial.seed for h in found] == [0, 1, 2]
    assert [h.trial.id for h in found] == [h.trial.id for h in trials[2:]]
    plain = SearchSpec(seeds=2)
    assert explored(trials, plain) == confirmed(trials, plain) == trials


def test_the_best_are_confirmed_by_their_means() -> None:
    trials = exploration(C_1=0.5, C_2=0.9, T_1=0.7, T_2=0.6)
    assert shortlist(trials, ConfirmSpec(candidates=3), ACCURACY) == ("C#2", "T#1", "T#2")
    by_layout = ConfirmSpec(candidates=3, among="layouts")
    assert shortlist(trials, by_layout, ACCURACY) == ("C#2", "T#1")


def test_what_was_stopped_or_lost_is_not_confirmed() -> None:
    trials = list(exploration(C_1=0.5, C_2=0.9, T_1=0.7))
    for place, status in ((2, TrialStatus.STOPPED), (3, TrialStatus.STOPPED)):
        trials[place] = replace(trials[place], status=status)
    assert shortlist(trials, ConfirmSpec(), ACCURACY) == ("T#1", "C#1")
