"""The records that would have led to the synthetic study of `tests.nas.synthetic`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nas.study.records import (
    EpochMeasured,
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    Trial,
    TrialPlanned,
    TrialStopped,
)
from nas.tracking.snapshots import StudyFacts
from tests.nas import synthetic

START = 1.7e9
STUDY_ID = "0b0f7f4e-5a0e-4a53-9c3e-7a57c1d0a001"
HISTORIES = synthetic.study()


def facts(folder: Path, *, name: str = "digits", study_id: str = STUDY_ID) -> StudyFacts:
    params = {"training.learning_rate": "0.001", "training.epochs": "15"}
    return StudyFacts(study_id=study_id, name=name, folder=folder, experiment=name, params=params)


def trial(number: int = 1) -> Trial:
    return HISTORIES[number - 1].trial


def epoch(number: int, of: int = 1, *, attempt: int = 1) -> EpochMeasured:
    measured = HISTORIES[of - 1].epochs[number - 1]
    return replace(measured, attempt=attempt, at=START + of * 1000 + number * 10)


def planned(number: int = 1) -> TrialPlanned:
    return TrialPlanned(at=START + number * 1000 - 5, trial=trial(number))


def segment(
    epochs: Sequence[int],
    outcome: Outcome | None,
    *,
    of: int = 1,
    attempt: int = 1,
    until: int = 15,
    message: str = "",
) -> Iterator[Record]:
    """One segment: its start, the epochs, and its end if it has one."""
    at = START + of * 1000 + (10 * epochs[0] - 10 if epochs else 0) + attempt / 10
    id_ = trial(of).id
    yield SegmentStarted(at=at, trial_id=id_, attempt=attempt, until_epoch=until)
    for number in epochs:
        at = (measured := epoch(number, of, attempt=attempt)).at
        yield measured
    if outcome is not None:
        yield SegmentEnded(
            at=at + 1,
            trial_id=id_,
            attempt=attempt,
            outcome=outcome,
            message=message,
        )


def stopped(of: int = 1, *, after: int, reason: str = "last of its rung") -> TrialStopped:
    """The decision, a minute after epoch `after`, that the trial goes no further."""
    return TrialStopped(at=epoch(after, of).at + 60, trial_id=trial(of).id, reason=reason)


def study(*, trials: int = 15, epochs: int = 15, ended: bool = True) -> list[Record]:
    """Return the records of a study in which every trial finished."""
    records: list[Record] = []
    for number in range(1, trials + 1):
        records.append(planned(number))
        records.extend(segment(range(1, epochs + 1), Outcome.FINISHED, of=number))
    if ended:
        records.append(StudyEnded(at=records[-1].at + 1))
    return records
