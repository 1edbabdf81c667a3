"""A job without a network and a conductor without a study: what the executor contract runs on."""

import errno
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from nas.errors import NasError
from nas.execution.executor import Report
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Trial,
    TrialHistory,
    TrialPlanned,
    TrialStatus,
)
from nas.study.state import StudyState
from tests.nas.builders import measured, trial


@dataclass(frozen=True, kw_only=True)
class ToyJob:
    """Counts epochs in a file per trial, and fails as told: trial number -> how."""

    folder: Path
    faults: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Run the epochs not run before; the fault strikes once, after the second epoch."""
        progress = self.folder / segment.trial.id
        done = int(progress.read_text()) if progress.exists() else 0
        fault = self.faults.get(segment.trial.number)
        for epoch in range(segment.acknowledged + 1, segment.until_epoch + 1):
            time.sleep(self.seconds)
            if fault == "always":
                raise RuntimeError("it never works")
            progress.write_text(str(max(done, epoch)))
            report(measured(segment.trial.id, epoch, attempt=segment.attempt))
            if epoch == 2 and segment.attempt == 1:
                strike(fault)
        whole = segment.until_epoch == segment.trial.epochs
        outcome = Outcome.FINISHED if whole else Outcome.REACHED
        if fault == "diverge":
            outcome = Outcome.DIVERGED
        return SegmentEnded(
            at=0.0,
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            outcome=outcome,
        )


def strike(fault: str | None) -> None:
    """Make one fault happen in this process."""
    if fault == "raise":
        raise RuntimeError("a planted fault")
    if fault == "full":
        raise OSError(errno.ENOSPC, "No space left on device", "a/checkpoint")
    if fault == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if fault == "kill":
        time.sleep(0.5)  # let the report of the epoch leave the worker
        os.kill(os.getpid(), signal.SIGKILL)


class ToyConductor:
    """Plans `count` trials of three epochs; keeps every record it observed.

    A trial's segments end at the epochs in `goals`; after the last of these it is left alone.
    """

    def __init__(
        self,
        count: int,
        *,
        attempts: int = 3,
        stop_after: int | None = None,
        goals: tuple[int, ...] = (3,),
    ) -> None:
        """Interrupt the executor's process after `stop_after` epochs; fail on `explode`."""
        self._goals = goals
        self.records: list[Record] = []
        self.state = StudyState(attempts_allowed=attempts)
        self.most_running = 0
        self._stop_after = stop_after
        self.explode_at: int | None = None
        for number in range(1, count + 1):
            self.plan(trial(number))

    def plan(self, planned: Trial) -> None:
        """Have one more trial to run."""
        self._take(TrialPlanned(at=0.0, trial=planned))

    def next_segment(self) -> Segment | Pause:
        """Return the first trial that is neither running nor final, up to its next goal."""
        for history in self.state.histories():
            later = [goal for goal in self._goals if goal > len(history.epochs)]
            waiting = (TrialStatus.PLANNED, TrialStatus.INTERRUPTED, TrialStatus.PAUSED)
            if history.status in waiting and later:
                return self._start(history, later[0])
        return Pause.WAIT if self._running() else Pause.DONE

    def _start(self, history: TrialHistory, until: int) -> Segment:
        segment = Segment(
            trial=history.trial,
            attempt=history.attempts + 1,
            acknowledged=len(history.epochs),
            until_epoch=until,
        )
        self._take(
            SegmentStarted(
                at=0.0, trial_id=history.trial.id, attempt=segment.attempt, until_epoch=until
            )
        )
        return segment

    def observe(self, record: Record) -> None:
        """Take a record; may press Ctrl-C or break, as a test asked."""
        self.most_running = max(self.most_running, self._running())
        self._take(record)
        if isinstance(record, SegmentEnded) and record.fault is not None:
            raise record.fault.stops(Path("toy"))
        epochs = sum(isinstance(record, EpochMeasured) for record in self.records)
        if isinstance(record, EpochMeasured):
            if epochs == self.explode_at:
                raise NasError("the disk is full")
            if epochs == self._stop_after:
                signal.raise_signal(signal.SIGINT)

    def _running(self) -> int:
        return sum(h.status is TrialStatus.RUNNING for h in self.state.histories())

    def _take(self, record: Record) -> None:
        self.state.apply(record)
        self.records.append(record)
