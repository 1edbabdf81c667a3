"""What a study has spent: epochs once, hours as they were recorded, nothing while it lay still."""

from nas.study.records import Outcome, SegmentEnded, SegmentStarted
from nas.study.spending import Spending
from tests.nas.builders import measured, planned

A, B = "0001-C-s0", "0002-C-s0"


def started(trial_id: str, at: float, *, attempt: int = 1, until: int = 3) -> SegmentStarted:
    return SegmentStarted(at=at, trial_id=trial_id, attempt=attempt, until_epoch=until)


def ended(trial_id: str, at: float, outcome: Outcome = Outcome.FINISHED) -> SegmentEnded:
    return SegmentEnded(at=at, trial_id=trial_id, attempt=1, outcome=outcome)


def spent(*records) -> Spending:
    found = Spending()
    for record in records:
        found.apply(record)
    return found


def test_a_lost_segment_is_not_given_its_epochs_twice() -> None:
    found = spent(
        planned(1),
        started(A, 0.0),
        measured(A, 1, at=10.0, seconds=10.0),
        ended(A, 12.0, Outcome.LOST),
        started(A, 12.0, attempt=2),
    )
    assert (found.trials, found.given, found.followed, found.measured) == (1, 3, 1, 1)


def test_a_trial_is_followed_once_it_was_given_its_last_epoch() -> None:
    first = planned(1)
    until_two = type(first)(at=0.0, trial=first.trial, until_epoch=2)
    found = spent(until_two, started(A, 0.0, until=2), ended(A, 5.0, Outcome.REACHED))
    assert (found.given, found.followed) == (2, 0)
    found.apply(started(A, 6.0, attempt=2))
    assert (found.given, found.followed) == (3, 1)


def test_two_at_once_take_the_wall_once() -> None:
    found = spent(
        planned(1),
        planned(2, id=B),
        started(A, 100.0),
        started(B, 100.0),
        measured(A, 1, at=110.0, seconds=10.0),
        measured(B, 1, at=110.0, seconds=10.0),
        ended(A, 112.0),
        ended(B, 120.0),
    )
    assert (found.segment_seconds, found.wall_seconds) == (32.0, 20.0)


def test_waiting_for_a_worker_is_no_device_time() -> None:
    found = spent(
        planned(1), started(A, 0.0), measured(A, 1, at=100.0, seconds=4.0), ended(A, 101.0)
    )
    assert (found.segment_seconds, found.wall_seconds) == (5.0, 101.0)


def test_the_time_between_two_drivers_does_not_count() -> None:
    found = spent(
        planned(1),
        started(A, 0.0),
        measured(A, 1, at=10.0, seconds=10.0),
        ended(A, 5000.0, Outcome.INTERRUPTED),
        started(A, 9000.0, attempt=2),
        measured(A, 2, at=9010.0, seconds=20.0, attempt=2),
    )
    assert (found.segment_seconds, found.wall_seconds) == (20.0, 20.0)
