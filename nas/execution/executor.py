"""What an executor is given and what it must do: the contract that all of them pass."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from nas.spec.study import ResourcesSpec
from nas.study.faults import MachineFault, machine_fault
from nas.study.records import EpochMeasured, Outcome, Pause, Record, Segment, SegmentEnded

Report = Callable[[EpochMeasured], None]


class Conductor(Protocol):
    """The driver's side: hands out segments, takes records."""

    def next_segment(self) -> Segment | Pause:
        """Return a segment, already journaled as started, or why there is none."""

    def observe(self, record: Record) -> None:
        """Take what a segment reported; late records of lost attempts are dropped here."""


class Job(Protocol):
    """The work of one segment; it crosses to the worker, so it must be importable and picklable."""

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Train, report every epoch, return how it ended."""


class Executor(Protocol):
    """Runs segments. One executor may run several studies, one after another."""

    def prepare(self, resources: ResourcesSpec) -> None:
        """Reach what trials run on, the first time, and check that one trial fits there.

        Raises:
            NoClusterError: no cluster answers, or it can never hold one trial.
        """

    def run(
        self, job: Job, conductor: Conductor, *, resources: ResourcesSpec, scratch: Path
    ) -> None:
        """Run segments until the conductor says DONE; `scratch` is a folder that all nodes see.

        Raises:
            KeyboardInterrupt: it was asked to stop; what ran is observed as interrupted.
            Exception: what the conductor raised first, whatever it raises at the end.
        """

    def close(self) -> None:
        """Let go of what `prepare` reached."""


def guarded(
    job: Job, segment: Segment, *, report: Report, clock: Callable[[], float]
) -> SegmentEnded:
    """Run the job; what it raises becomes a FAILED record that holds the traceback.

    Where the machine is to blame, the record is INTERRUPTED and has its fault. What `report`
    raises is the driver's error, not the trial's, and is raised on.
    """
    refused: Exception | None = None

    def remember(record: EpochMeasured) -> None:
        nonlocal refused
        try:
            report(record)
        except Exception as error:
            refused = error
            raise

    try:
        return job(segment, report=remember)
    except Exception as error:  # noqa: BLE001 - a trial's failure is a result
        if refused is not None:
            raise refused from None
        if (fault := machine_fault(error)) is not None:
            return stopped_by(fault, segment, at=clock())
        summary = "".join(traceback.format_exception_only(error)).strip()
        return SegmentEnded(
            at=clock(),
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            outcome=Outcome.FAILED,
            message=f"{summary}\n{traceback.format_exc()}",
        )


def lost(segment: Segment, *, at: float, message: str) -> SegmentEnded:
    """Return the record of a segment whose worker vanished."""
    return SegmentEnded(
        at=at,
        trial_id=segment.trial.id,
        attempt=segment.attempt,
        outcome=Outcome.LOST,
        message=message,
    )


def stopped_by(fault: MachineFault, segment: Segment, *, at: float) -> SegmentEnded:
    """Return the record of a segment that its machine could not go on with; costs no attempt."""
    ended = lost(segment, at=at, message=fault.what)
    return replace(ended, outcome=Outcome.INTERRUPTED, fault=fault)


def interrupted(segment: Segment, *, at: float) -> SegmentEnded:
    """Return the record of a segment that the user or the cluster stopped."""
    return replace(lost(segment, at=at, message="stopped"), outcome=Outcome.INTERRUPTED)
