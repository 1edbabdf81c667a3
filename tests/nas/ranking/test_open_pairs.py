"""Seeds go where relations are open and can still close."""

from dataclasses import replace

from nas.ranking.open_pairs import open_layouts
from nas.spec.study import Metric, Question, RankingSpec, SearchSpec, Until
from nas.study.declaration import Declaration
from nas.study.records import TrialStatus
from tests.nas.synthetic import SyntheticLayout, measured, study, with_twin

CLEAR = SyntheticLayout(accuracy=0.9, spread=0.001, gap=0.05)
NOISY = replace(CLEAR, spread=0.01)
LAYOUTS = {
    "A": CLEAR,
    "B": replace(CLEAR, accuracy=0.6),
    # these two are of about the same accuracy and not told apart in six seeds
    "C": replace(NOISY, accuracy=0.75),
    "D": replace(NOISY, accuracy=0.752),
}
SEARCH = SearchSpec(seeds=6, max_seeds=20)


def asked(histories, search=SEARCH, *, endless=False, **changes):
    """The labels that get another seed."""
    spec = RankingSpec(metric=Metric.ACCURACY).model_copy(update=changes)
    return open_layouts(histories, spec, search=search, evaluation_images=10_000, endless=endless)


def test_only_the_members_of_an_open_pair_get_a_seed():
    assert asked(study(LAYOUTS, seeds=range(6))) == ("C", "D")
    assert asked(study({"A": CLEAR, "B": LAYOUTS["B"]}, seeds=range(6))) == ()


def test_the_member_with_fewer_seeds_catches_up():
    histories = study(LAYOUTS, seeds=range(7))
    ahead = [h for h in histories if h.trial.seed < 6 or h.trial.label == "C"]
    assert asked(ahead) == ("D",)


def test_none_is_asked_for_beyond_the_last_look():
    histories = study(LAYOUTS, seeds=range(8))
    assert asked(histories, SearchSpec(seeds=6, max_seeds=8)) == ()
    assert asked(histories, SearchSpec(seeds=6, max_seeds=9)) == ("C", "D")


def test_for_the_winner_alone_losers_get_no_seed():
    assert asked(study(LAYOUTS, seeds=range(6)), question=Question.WINNER) == ()
    near = {**LAYOUTS, "E": replace(NOISY, accuracy=0.901)}
    assert asked(study(near, seeds=range(6)), question=Question.WINNER) == ("A", "E")


def test_a_sharp_stop_asks_where_a_settled_one_does_not():
    near = {"A": CLEAR, "B": replace(CLEAR, accuracy=0.897, spread=0.002)}
    histories = study(near, seeds=range(6))
    assert asked(histories) == ()
    assert asked(histories, SEARCH.model_copy(update={"until": Until.SHARP})) == ("A", "B")


def test_a_withheld_pair_is_closed():
    lost = {**LAYOUTS, "D": replace(LAYOUTS["D"], lost={3: TrialStatus.DIVERGED})}
    assert asked(study(lost, seeds=range(6))) == ()
    large = {**LAYOUTS, "D": replace(LAYOUTS["D"], macs=9_000_000)}
    assert asked(study(large, seeds=range(6))) == ("C", "D")
    assert asked(study(large, seeds=range(6)), metric=Metric.CAPACITY) == ()


def test_a_gap_closes_a_pair_only_where_data_can_be_overfitted():
    wide = study({**LAYOUTS, "D": replace(LAYOUTS["D"], gap=0.4)}, seeds=range(6))
    assert asked(wide, metric=Metric.CAPACITY) == ()
    assert asked(wide, metric=Metric.CAPACITY, endless=True) == ("C", "D")


def test_a_layout_that_is_read_no_further_gets_no_seed():
    pair = {"C": LAYOUTS["C"], "D": LAYOUTS["D"]}
    histories = list(study(pair, seeds=range(7)))
    assert asked(histories, metric=Metric.GENERALIZATION) == ("C", "D")
    last = histories[-1]
    short = measured(last.trial, losses=[2.0, 1.0, 0.9], accuracies=[0.3, 0.5, 0.75])
    histories[-1] = replace(last, epochs=short)
    assert asked(histories, metric=Metric.GENERALIZATION) == ()
    assert asked(histories) == ("C", "D")


def test_a_failed_seed_of_the_first_round_is_made_up_for():
    failed = {**LAYOUTS, "A": replace(CLEAR, lost={2: TrialStatus.FAILED})}
    assert "A" in asked(study(failed, seeds=range(6)))


def test_a_twin_that_is_not_judged_yet_gets_its_seed():
    layouts = {"A": NOISY, "B": replace(CLEAR, accuracy=0.6)}
    same = with_twin(study(layouts, seeds=range(6)), "A")
    assert asked(same) == ()
    failed = [
        replace(h, status=TrialStatus.FAILED) if h.trial.twin and h.trial.seed == 2 else h
        for h in same
    ]
    assert asked(failed) == ("A", "A~twin")


def test_one_layout_and_none_ask_for_nothing():
    assert asked(study({"A": CLEAR}, seeds=range(6))) == ()
    assert asked(()) == ()


def test_looks_that_were_added_count_as_they_are_declared():
    """Eight seeds are the last look of the spec; of a study that was extended a ninth is."""
    histories = study(LAYOUTS, seeds=range(8))
    found = {
        last: open_layouts(
            histories,
            RankingSpec(metric=Metric.ACCURACY),
            search=SearchSpec(seeds=6, max_seeds=8),
            evaluation_images=10_000,
            declared=Declaration(first=6, last=last, alpha=0.025, first_round=6, spent=0.05),
        )
        for last in (8, 9)
    }
    assert found == {8: (), 9: ("C", "D")}
