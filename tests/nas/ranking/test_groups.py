"""Open spaces: layouts as groups of candidates, and which candidates are compared at all."""

from dataclasses import replace

from nas.ranking.groups import compared, groups, without_claims
from nas.ranking.objective import Objective
from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import Symbol
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import SyntheticLayout, study, with_twin

ACCURACY = Objective(metric=Metric.ACCURACY)


def explored(scores: dict[str, list[float]]) -> tuple[TrialHistory, ...]:
    """Return one run of each candidate, which ends at the score: ``C-T#2``."""
    layouts = {
        f"{layout}#{k}": SyntheticLayout(accuracy=score, spread=0.0)
        for layout, each in scores.items()
        for k, score in enumerate(each, start=1)
    }
    return tuple(
        replace(h, trial=replace(h.trial, layout=h.trial.label.partition("#")[0]))
        for h in study(layouts, seeds=(0,))
    )


def test_a_group_says_where_its_candidates_lie() -> None:
    trials = explored({"C-C": [0.5, 0.6, 0.7, 0.8, 0.9], "C-T": [0.95, 0.1]})
    first, second = groups(trials, ACCURACY)
    assert (first.layout, first.best, first.candidates, first.finished) == ("C-T", "C-T#1", 2, 2)
    assert (second.layout, second.best) == ("C-C", "C-C#5")
    found = [round(value, 2) for value in (second.score, second.low, second.median, second.high)]
    assert found == [0.9, 0.6, 0.7, 0.8]


def test_stopped_candidates_are_counted_and_have_no_score() -> None:
    trials = list(explored({"C-C": [0.5, 0.9], "C-T": [0.4, 0.4]}))
    for place in (1, 2, 3):
        trials[place] = replace(trials[place], status=TrialStatus.STOPPED)
    (group,) = groups(trials, ACCURACY)  # of C-T nothing finished
    assert (group.layout, group.candidates, group.finished, group.stopped) == ("C-C", 2, 1, 1)
    assert (group.best, round(group.score, 2)) == ("C-C#1", 0.5)


def test_layouts_of_one_candidate_each_are_no_groups() -> None:
    assert groups(study(), ACCURACY) == ()
    assert groups((), ACCURACY) == ()


def test_of_many_candidates_the_best_are_compared_with_their_twins() -> None:
    trials = with_twin(explored({"C-C": [0.5, 0.9, 0.7], "C-T": [0.8, 0.4]}), "C-C#2")
    every, of = compared(trials, ACCURACY, most=5)
    assert (every, of) == (trials, 5)
    best, of = compared(trials, ACCURACY, most=2)
    assert {h.trial.label for h in best} == {"C-C#2", "C-C#2~twin", "C-T#1"}
    assert of == 5


def test_candidates_chosen_by_their_scores_are_claimed_nothing_of() -> None:
    spec = RankingSpec(metric=Metric.ACCURACY)
    layouts = {f"C#{k}": SyntheticLayout(accuracy=0.5 + k / 20, spread=0.001) for k in range(4)}
    ranking = rank(study(layouts, seeds=range(6)), spec, evaluation_images=1000)
    assert ranking.symbols[0] is Symbol.BETTER or ranking.symbols[0] is Symbol.MUCH_BETTER
    bare = without_claims(ranking, of=1000)
    assert bare.order == "C#3 | C#2 | C#1 | C#0"
    assert (bare.relations, bare.hidden) == ((), ())
    assert "C#3 has the highest score of 1,000 candidates" in bare.sentence
    assert "search.confirm trains the best anew" in bare.notes[0]
    assert ranking_json(bare)["order"] == bare.order
