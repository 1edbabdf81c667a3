"""Histories that follow a state: the first of a status, what changed, and what stays as it was."""

from nas.study.histories import Histories
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, TrialStatus
from nas.study.state import StudyState
from tests.nas.builders import measured, planned

IDS = [f"{number:04d}-C-s0" for number in (1, 2, 3)]


def of_three() -> StudyState:
    return StudyState([planned(1), planned(2), planned(3)])


def run(state: StudyState, trial_id: str, outcome: Outcome, *, until: int = 3) -> None:
    state.apply(SegmentStarted(at=0.0, trial_id=trial_id, attempt=1, until_epoch=until))
    for epoch in range(1, until + 1):
        state.apply(measured(trial_id, epoch))
    state.apply(SegmentEnded(at=1.0, trial_id=trial_id, attempt=1, outcome=outcome))


def test_the_first_of_some_statuses_is_the_one_of_the_lowest_number():
    state = of_three()
    present = state.present
    run(state, IDS[0], Outcome.FINISHED)
    run(state, IDS[1], Outcome.INTERRUPTED, until=1)
    first = present.first(TrialStatus.PLANNED, TrialStatus.INTERRUPTED)
    assert first == state.history(IDS[1])
    assert present.first(TrialStatus.PLANNED) == state.history(IDS[2])
    assert present.first(TrialStatus.RUNNING) is None
    assert present.amount([TrialStatus.FINISHED, TrialStatus.PLANNED]) == 2
    assert [h.trial.id for h in present.having(TrialStatus.PLANNED, TrialStatus.FINISHED)] == [
        IDS[0],
        IDS[2],
    ]


def test_what_was_handed_out_as_a_tuple_stays_and_the_sequence_goes_on():
    state = of_three()
    before, present = state.histories(), state.present
    run(state, IDS[1], Outcome.FINISHED)
    assert [h.status.value for h in before] == ["planned"] * 3
    assert [h.status.value for h in present] == ["planned", "finished", "planned"]
    assert present[1] is present[1]
    assert present[-1] is state.histories()[2]
    assert present[1:] == state.histories()[1:]
    assert len(present) == 3


def test_only_what_changed_since_is_named_and_each_once():
    state = of_three()
    everything, moment = state.present.changed_since(0)
    assert everything == [0, 1, 2]
    assert state.present.changed_since(moment) == ([], moment)
    run(state, IDS[2], Outcome.FINISHED)
    run(state, IDS[0], Outcome.DIVERGED)
    changed, later = state.present.changed_since(moment)
    assert changed == [0, 2]
    assert state.present.changed_since(later) == ([], later)
    assert state.present.changed_since(0)[0] == [0, 1, 2]


def test_nothing_is_made_before_it_is_asked_for_and_nothing_twice():
    made = []

    def make(place):
        made.append(place)
        return of_three().histories()[place]

    histories = Histories(make)
    for _ in range(3):
        histories.add(TrialStatus.PLANNED)
    assert made == []
    assert histories[1] is histories[1]
    histories.change(1, TrialStatus.RUNNING)
    assert histories.first(TrialStatus.RUNNING) is histories[1]
    assert made == [1, 1]
