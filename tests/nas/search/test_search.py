"""The search decides from spec and journal alone: seeds in rounds, the interrupted first."""

from dataclasses import replace

from coatnet.cost import cost
from nas.search.allocation.added_seeds import AddedSeeds
from nas.search.allocation.allocation import Allocation
from nas.search.allocation.fine_tuning import FineTuning
from nas.search.allocation.first_round import FirstRound
from nas.search.allocation.planning import Planner
from nas.search.samplers.sampler import GridSampler
from nas.search.search import Search
from nas.space.candidate import Candidate
from nas.spec.study import SearchSpec
from nas.study.records import (
    DataShape,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    SegmentStarted,
    TrialPlanned,
)
from nas.study.state import StudyState
from tests.nas.builders import TINY, measured


def candidate(label: str) -> Candidate:
    return Candidate(label=label, layout=label, config=TINY, cost=cost(TINY))


def grid(*labels: str, adaptive: bool = False, extend=None, tuning=None, **search) -> Search:
    settings, planner = SearchSpec(**{"seeds": 2, **search}), Planner(epochs=15)
    first = FirstRound(
        settings,
        planner,
        sampler=GridSampler([candidate(label) for label in labels]),
        adaptive=adaptive,
        most=settings.candidates,
        listed=len(labels),
    )
    allocations: list[Allocation] = [first]
    if tuning is not None:
        allocations.insert(0, replace(tuning, trials=first.workload.trials))
    if extend is not None and settings.most_seeds > settings.seeds:
        allocations.append(AddedSeeds(settings, planner, open_layouts=extend))
    return Search(allocations)


TUNING = FineTuning(shape=DataShape(image_size=16, channels=1, classes=3), epochs=4)


def run_all(search: Search, state: StudyState) -> list[str]:
    """Take segments without ending any until the search waits."""
    ids = []
    while isinstance(segment := search.decide(state), Segment):
        if segment.trial.id not in state:
            state.apply(TrialPlanned(at=0.0, trial=segment.trial))
        start(state, segment)
        ids.append(segment.trial.id)
    assert segment is Pause.WAIT
    return ids


def finish_all(search: Search, state: StudyState) -> list[str]:
    """Run segments one after another, each to its end, until the search is done."""
    ids = []
    while isinstance(segment := search.decide(state), Segment):
        state.apply(TrialPlanned(at=0.0, trial=segment.trial))
        start(state, segment)
        end(state, segment.trial.id, Outcome.FINISHED)
        ids.append(segment.trial.id)
    assert segment is Pause.DONE
    return ids


def start(state: StudyState, segment: Segment) -> None:
    state.apply(
        SegmentStarted(
            at=0.0,
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            until_epoch=segment.until_epoch,
        )
    )


def end(state: StudyState, trial_id: str, outcome: Outcome, attempt: int = 1) -> None:
    state.apply(SegmentEnded(at=0.0, trial_id=trial_id, attempt=attempt, outcome=outcome))


def test_every_layout_gets_a_seed_before_any_gets_the_next():
    ids = run_all(grid("A", "B", "C"), StudyState())
    assert ids == ["0001-A-s0", "0002-B-s0", "0003-C-s0", "0004-A-s1", "0005-B-s1", "0006-C-s1"]


def test_an_adaptive_sampler_gets_all_seeds_of_a_candidate_first():
    ids = run_all(grid("A", "B", adaptive=True), StudyState())
    assert ids == ["0001-A-s0", "0002-A-s1", "0003-B-s0", "0004-B-s1"]


def test_candidates_limits_the_grid():
    search = grid("A", "B", "C", candidates=2)
    assert run_all(search, StudyState()) == ["0001-A-s0", "0002-B-s0", "0003-A-s1", "0004-B-s1"]
    assert search.expected == 4


def test_done_when_every_trial_is_final():
    search, state = grid("A"), StudyState()
    for trial_id in run_all(search, state):
        end(state, trial_id, Outcome.DIVERGED)
    assert search.decide(state) is Pause.DONE


def test_an_interrupted_trial_goes_on_where_the_journal_stands():
    search, state = grid("A", "B"), StudyState()
    ids = run_all(search, state)
    state.apply(measured(ids[1], 1))
    state.apply(measured(ids[1], 2))
    end(state, ids[1], Outcome.INTERRUPTED)
    segment = search.decide(state)
    assert isinstance(segment, Segment)
    assert (segment.trial.id, segment.attempt, segment.acknowledged) == (ids[1], 2, 2)
    assert segment.until_epoch == segment.trial.epochs == 15


def test_the_same_journal_gives_the_same_segment():
    state = StudyState()
    run_all(grid("A", "B"), state)
    end(state, "0003-A-s1", Outcome.LOST)
    assert grid("A", "B").decide(state) == grid("A", "B").decide(state)


def test_a_trial_that_makes_no_progress_is_given_up():
    search, state = grid("A", seeds=1), StudyState(attempts_allowed=2)
    for attempt in (1, 2):
        segment = search.decide(state)
        assert isinstance(segment, Segment)
        if segment.trial.id not in state:
            state.apply(TrialPlanned(at=0.0, trial=segment.trial))
        start(state, segment)
        end(state, segment.trial.id, Outcome.LOST, attempt)
    assert search.decide(state) is Pause.DONE


def test_a_trial_that_progresses_may_lose_its_worker_often():
    search, state = grid("A", seeds=1), StudyState(attempts_allowed=2)
    for attempt in range(1, 6):
        segment = search.decide(state)
        assert isinstance(segment, Segment)
        assert segment.attempt == attempt
        if segment.trial.id not in state:
            state.apply(TrialPlanned(at=0.0, trial=segment.trial))
        start(state, segment)
        state.apply(measured(segment.trial.id, attempt, attempt=attempt))
        end(state, segment.trial.id, Outcome.LOST, attempt)


def test_a_twin_is_the_same_network_under_another_label_and_seed_by_seed():
    state = StudyState()
    ids = run_all(grid("A", "B", placebo="A"), state)
    assert ids == [
        "0001-A-s0", "0002-B-s0", "0003-A.twin-s0", "0004-A-s1", "0005-B-s1", "0006-A.twin-s1",
    ]  # fmt: skip
    original, twin = state.history(ids[0]).trial, state.history(ids[2]).trial
    assert (twin.label, twin.twin, original.twin) == ("A~twin", True, False)
    assert (twin.config, twin.layout, twin.macs) == (original.config, "A", original.macs)
    assert grid("A", "B", placebo="A").expected == 6


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


def test_every_trained_trial_is_fine_tuned_with_its_own_seed():
    search, state = grid("A", tuning=TUNING), StudyState()
    assert finish_all(search, state) == [
        "0001-A-s0",
        "0002-A-s0-fine",
        "0003-A-s1",
        "0004-A-s1-fine",
    ]
    child = state.history("0004-A-s1-fine").trial
    assert (child.parent, child.label, child.seed, child.epochs) == ("0003-A-s1", "A", 1, 4)
    assert (child.config.image_size, child.config.classes) == (16, 3)
    assert (
        child.config.bias_image_size == TINY.image_size
    )  # tables keep the size they were trained at
    assert child.macs == cost(child.config).macs > cost(TINY).macs
    assert (search.expected, search.expected_epochs) == (4, 2 * (15 + 4))


def test_what_diverged_is_not_fine_tuned_and_seeds_count_what_was_trained():
    search, state = (
        grid("A", tuning=TUNING, max_seeds=3, extend=lambda histories: ["A"]),
        StudyState(),
    )
    first = run_all(search, state)
    end(state, first[0], Outcome.DIVERGED)
    end(state, first[1], Outcome.FINISHED)
    assert finish_all(search, state) == ["0003-A-s1-fine", "0004-A-s2", "0005-A-s2-fine"]
