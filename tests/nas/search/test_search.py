"""The search decides from spec and journal alone: what was interrupted first."""

from dataclasses import replace

import pytest

from coatnet.cost import cost
from nas.search.allocation.added_seeds import AddedSeeds
from nas.search.allocation.allocation import Allocation
from nas.search.allocation.choose import by_rungs
from nas.search.allocation.fine_tuning import FineTuning
from nas.search.allocation.first_round import FirstRound
from nas.search.allocation.planning import Planner
from nas.search.playing import Measured, play
from nas.search.samplers.sampler import GridSampler
from nas.search.search import Search
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind
from nas.spec.study import SearchSpec
from nas.study.histories import Histories
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
    settings = SearchSpec(**{"seeds": 2, **search})
    brief = settings.schedule_placebo
    planner = Planner(epochs=15, brief_epochs=None if brief is None else brief.epochs)
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


@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.LOST])
def test_what_was_to_end_early_goes_on_to_its_own_end(outcome):
    search, state = grid("A"), StudyState(attempts_allowed=3)
    whole = search.decide(state)
    assert isinstance(whole, Segment)
    state.apply(TrialPlanned(at=0.0, trial=whole.trial, until_epoch=5))
    start(state, replace(whole, until_epoch=5))
    state.apply(measured(whole.trial.id, 1))
    end(state, whole.trial.id, outcome)
    again = search.decide(state)
    assert isinstance(again, Segment)
    assert (again.until_epoch, again.acknowledged, again.attempt) == (5, 1, 2)


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


@pytest.mark.parametrize("allocation", ["full", "halving"])
def test_a_decision_looks_at_no_more_trials_the_more_there_are(allocation, monkeypatch):
    """At 40 candidates and at 400 a decision looks at as many histories, on average."""
    looks = {}
    for count in (40, 400):
        looked = 0
        at = Histories._at

        def counting(self, place, at=at):
            nonlocal looked
            looked += 1
            return at(self, place)

        search = explored(count, allocation)
        with monkeypatch.context() as patch:
            patch.setattr(Histories, "_at", counting)
            played = play(
                search, length=lambda _: 1.0, measure=lambda each, _: results(each), workers=2
            )
        assert len(played.state.histories()) == count
        looks[count] = looked / count
    assert looks[400] <= 1.2 * looks[40]


def explored(count: int, allocation: str) -> Search:
    """A search over so many candidates of one seed each."""
    settings = SearchSpec(seeds=1, allocation=AllocationSpec(kind=AllocationKind(allocation)))
    planner = Planner(epochs=6)
    sampler = GridSampler([candidate(f"C-{number}") for number in range(count)])
    if settings.allocation.by_rungs:
        return Search([by_rungs(settings, planner, sampler=sampler, total=count)])
    return Search([FirstRound(settings, planner, sampler=sampler, adaptive=False, most=count)])


def results(segment: Segment) -> Measured:
    epochs = range(segment.acknowledged + 1, segment.until_epoch + 1)
    return Measured(
        epochs=[measured(segment.trial.id, each, attempt=segment.attempt) for each in epochs]
    )
