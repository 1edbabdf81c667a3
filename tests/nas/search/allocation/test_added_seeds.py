"""Seeds beyond the first round go where relations are open, one at a time."""

from nas.study.records import Outcome, Pause
from nas.study.state import StudyState
from tests.nas.search.test_search import end, finish_all, grid, run_all


def test_seeds_are_added_where_asked_once_the_first_round_is_over():
    asked: list[int] = []

    def extend(histories):
        asked.append(len(histories))
        return ["B"] if len(histories) < 7 else []

    search, state = grid("A", "B", max_seeds=5, extend=extend), StudyState()
    first = run_all(search, state)
    assert len(first) == 4
    assert asked == []  # not before the first round is over
    for trial_id in first:
        end(state, trial_id, Outcome.FINISHED)
    # the three beyond the first round: one at a time, each after the one before
    assert finish_all(search, state) == ["0005-B-s2", "0006-B-s3", "0007-B-s4"]


def test_the_ranking_is_asked_again_only_when_a_trial_has_ended():
    asked: list[int] = []

    def extend(histories):
        asked.append(len(histories))
        return ["A"]

    search, state = grid("A", "B", max_seeds=9, extend=extend), StudyState()
    for trial_id in run_all(search, state):
        end(state, trial_id, Outcome.FINISHED)
    assert run_all(search, state) == ["0005-A-s2"]
    assert [search.decide(state) for _ in range(3)] == [Pause.WAIT] * 3
    assert len(asked) == 1
    end(state, "0005-A-s2", Outcome.FINISHED)
    assert run_all(search, state) == ["0006-A-s3"]
    assert len(asked) == 2


def test_a_layout_gets_no_second_seed_while_one_is_under_way():
    search = grid("A", "B", max_seeds=9, extend=lambda histories: ["A", "B"])
    state = StudyState()
    for trial_id in run_all(search, state):
        end(state, trial_id, Outcome.FINISHED)
    assert run_all(search, state) == ["0005-A-s2", "0006-B-s2"]


def test_seeds_end_at_the_most_and_at_the_budget():
    def always(histories):
        return ["A", "B"]

    assert len(finish_all(grid("A", "B", max_seeds=4, extend=always), StudyState())) == 8
    assert len(finish_all(grid("A", "B", max_seeds=9, trials=7, extend=always), StudyState())) == 7
    assert len(finish_all(grid("A", "B", extend=always), StudyState())) == 4
