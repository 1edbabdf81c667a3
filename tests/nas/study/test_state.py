"""The journal folded into trials: transitions, attempts, and what is refused."""

import pytest

from nas.study.faults import TrialsRetried
from nas.study.records import (
    FINAL,
    EpochMeasured,
    Outcome,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState
from tests.nas.builders import measured, planned

TRIAL = "0001-C-s0"


def started(attempt=1, trial_id=TRIAL):
    """A segment handed to an executor."""
    return SegmentStarted(at=0.0, trial_id=trial_id, attempt=attempt, until_epoch=3)


def ended(outcome, *, attempt=1, message=""):
    """A segment that ended."""
    return SegmentEnded(at=0.0, trial_id=TRIAL, attempt=attempt, outcome=outcome, message=message)


def status(*records, attempts_allowed=1):
    """The status of the first trial after these records."""
    return (
        StudyState([planned(), *records], attempts_allowed=attempts_allowed).history(TRIAL).status
    )


def test_a_trial_runs_and_finishes():
    state = StudyState()
    seen = []
    records = [planned(), started(), *(measured(TRIAL, e) for e in (1, 2, 3))]
    for record in [*records, ended(Outcome.FINISHED)]:
        state.apply(record)
        seen.append(state.history(TRIAL).status.value)
    assert seen == ["planned", *["running"] * 4, "finished"]
    history = state.history(TRIAL)
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
    assert history.attempts == 1


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.FINISHED, TrialStatus.FINISHED),
        (Outcome.DIVERGED, TrialStatus.DIVERGED),
        (Outcome.FAILED, TrialStatus.FAILED),
        (Outcome.LOST, TrialStatus.FAILED),
        (Outcome.INTERRUPTED, TrialStatus.INTERRUPTED),
    ],
)
def test_an_outcome_decides_where_the_trial_stands(outcome, expected):
    assert status(started(), ended(outcome, message="why")) is expected
    history = StudyState([planned(), started(), ended(outcome, message="why")]).history(TRIAL)
    assert history.message == "why"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.LOST])
def test_a_fault_is_tried_again_until_no_attempt_is_left(outcome):
    records = [planned()]
    seen = []
    for attempt in (1, 2, 3):
        records += [started(attempt), ended(outcome, attempt=attempt)]
        seen.append(StudyState(records, attempts_allowed=3).history(TRIAL).status.value)
    assert seen == ["planned", "planned", "failed"]


def test_a_segment_that_measured_an_epoch_is_no_fault():
    records = [planned()]
    for attempt in (1, 2, 3):
        records += [started(attempt), measured(TRIAL, attempt, attempt=attempt)]
        records += [ended(Outcome.LOST, attempt=attempt)]
    assert StudyState(records, attempts_allowed=1).history(TRIAL).status is TrialStatus.PLANNED


def test_an_interruption_is_no_fault():
    records = [planned()]
    for attempt in range(1, 6):
        records += [started(attempt), ended(Outcome.INTERRUPTED, attempt=attempt)]
    state = StudyState(records, attempts_allowed=1)
    assert state.history(TRIAL).status is TrialStatus.INTERRUPTED
    assert state.history(TRIAL).attempts == 5


@pytest.mark.parametrize("epochs", [[2], [1, 1], [1, 3]])
def test_a_gap_or_a_double_epoch_is_refused(epochs):
    state = StudyState([planned(), started()])
    for epoch in epochs[:-1]:
        state.apply(measured(TRIAL, epoch))
    with pytest.raises(ValueError, match=f"{TRIAL}: epoch {epochs[-1]} after epoch"):
        state.apply(measured(TRIAL, epochs[-1]))
    assert len(state.history(TRIAL).epochs) == len(epochs) - 1


def test_a_trial_planned_twice_is_refused():
    with pytest.raises(ValueError, match=f"{TRIAL} planned twice"):
        StudyState([planned(), planned()])


def test_only_the_next_epoch_of_the_running_attempt_is_expected():
    state = StudyState([planned(), started(), measured(TRIAL, 1), started(2)])

    def expects(epoch, attempt):
        return state.expects(measured(TRIAL, epoch, attempt=attempt))

    assert expects(2, 2)
    assert not expects(2, 1)  # a worker thought lost comes back
    assert not expects(1, 2)
    assert not expects(3, 2)


def test_running_trials_are_interrupted_when_their_driver_is_gone():
    state = StudyState([planned(), planned(2, id="0002-C-s1", seed=1), started()])
    state.release_running()
    state.release_running()
    assert [history.status.value for history in state.histories()] == ["interrupted", "planned"]


def test_histories_come_in_the_order_planned():
    state = StudyState(
        [planned(), planned(2, id="0002-C-s1", seed=1), started(), ended(Outcome.DIVERGED)]
    )
    assert [history.trial.number for history in state.histories()] == [1, 2]
    assert TRIAL in state
    assert "0009-C-s0" not in state


def stopped(reason="last of its rung"):
    return TrialStopped(at=0.0, trial_id=TRIAL, reason=reason)


def short(until=2):
    return SegmentStarted(at=0.0, trial_id=TRIAL, attempt=1, until_epoch=until)


def test_a_segment_that_ends_early_pauses_its_trial():
    records = [planned(), short(), measured(TRIAL, 1), measured(TRIAL, 2), ended(Outcome.REACHED)]
    history = StudyState(records).history(TRIAL)
    assert (history.status, history.until_epoch) == (TrialStatus.PAUSED, 2)
    assert history.status not in FINAL


def test_a_paused_trial_goes_on_in_another_segment():
    state = StudyState([planned(), short(1), measured(TRIAL, 1), ended(Outcome.REACHED)])
    state.apply(started(attempt=2))
    state.apply(measured(TRIAL, 2, attempt=2))
    state.apply(measured(TRIAL, 3, attempt=2))
    state.apply(ended(Outcome.FINISHED, attempt=2))
    history = state.history(TRIAL)
    assert (history.status, history.attempts, history.until_epoch) == (TrialStatus.FINISHED, 2, 3)


def test_a_paused_trial_is_stopped_for_good_by_decision():
    state = StudyState([planned(), short(1), measured(TRIAL, 1), ended(Outcome.REACHED), stopped()])
    history = state.history(TRIAL)
    assert (history.status, history.message) == (TrialStatus.STOPPED, "last of its rung")
    assert history.status in FINAL
    assert len(history.epochs) == 1


def test_only_a_paused_trial_can_be_stopped():
    with pytest.raises(ValueError, match="stopped while running"):
        StudyState([planned(), short(), stopped()])


def test_a_segment_short_of_the_last_epoch_cannot_finish_its_trial():
    with pytest.raises(ValueError, match="up to epoch 2 of 3 cannot finish"):
        StudyState([planned(), short(2), ended(Outcome.FINISHED)])


def test_a_study_that_ended_opens_again_with_a_new_trial():
    state = StudyState([planned(), StudyEnded(at=1.0)])
    assert state.ended
    state.apply(planned(2, id="0002-C-s1", seed=1))
    assert not state.ended


def failed(attempts):
    """A trial that used all its attempts up, and the end of its study."""
    pairs = [(started(n), ended(Outcome.FAILED, attempt=n, message="why")) for n in attempts]
    return [planned(), *(record for pair in pairs for record in pair), StudyEnded(at=1.0)]


def test_a_failed_trial_that_is_retried_has_as_many_attempts_as_a_new_one():
    state = StudyState([*failed((1, 2)), TrialsRetried(at=2.0)], attempts_allowed=2)
    history = state.history(TRIAL)
    assert (history.status, history.message) == (TrialStatus.PLANNED, "")
    assert (state.ended, state.settled) == (False, 0)
    seen = []
    for attempt in (3, 4):
        state.apply(started(attempt))
        state.apply(ended(Outcome.FAILED, attempt=attempt))
        seen.append(state.history(TRIAL).status.value)
    assert seen == ["planned", "failed"]
    assert state.settled == 3


@pytest.mark.parametrize("outcome", [Outcome.FINISHED, Outcome.DIVERGED, Outcome.INTERRUPTED])
def test_what_has_not_failed_is_not_retried(outcome):
    epochs = [measured(TRIAL, epoch) for epoch in (1, 2, 3)]
    records = [planned(), started(), *epochs, ended(outcome, message="why"), StudyEnded(at=1.0)]
    before, after = StudyState(records), StudyState([*records, TrialsRetried(at=2.0)])
    assert after.histories() == before.histories()
    assert after.ended


def test_a_history_is_a_snapshot():
    state = StudyState([planned(), started(), measured(TRIAL, 1)])
    before = state.history(TRIAL)
    state.apply(measured(TRIAL, 2))
    assert len(before.epochs) == 1


def test_an_unknown_trial_has_no_history():
    with pytest.raises(KeyError):
        StudyState().history(TRIAL)


def test_folding_in_two_parts_is_folding_at_once():
    records = [planned(), started(), measured(TRIAL, 1), ended(Outcome.LOST), started(2)]
    whole = StudyState(records, attempts_allowed=3)
    parts = StudyState(records[:3], attempts_allowed=3)
    for record in records[3:]:
        parts.apply(record)
    assert parts.histories() == whole.histories()
    assert isinstance(records[2], EpochMeasured)
