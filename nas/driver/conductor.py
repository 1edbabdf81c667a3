"""The conductor of the executors: journals what happens, then tells everyone who watches."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from nas.errors import MachineError
from nas.search.search import Search
from nas.study.journal import Journal
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Stop,
    StudyEnded,
    TrialPlanned,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState

Observer = Callable[[Record, StudyState], None]


class StudyConductor:
    """See `nas.execution.executor.Conductor`; the one who writes the journal."""

    def __init__(
        self, journal: Journal, state: StudyState, search: Search, *, observers: Sequence[Observer]
    ) -> None:
        """Conduct `search` over `state`, which is what `journal` holds."""
        self._journal, self._state, self._search = journal, state, search
        self._observers = observers

    def release_lost(self) -> None:
        """Journal the segments of a driver that is gone as interrupted, before anything runs.

        We hold the journal, so nobody else can still run them; readers need not guess.
        """
        for history in self._state.histories():
            if history.status is TrialStatus.RUNNING:
                self._record(
                    SegmentEnded(
                        at=history.epochs[-1].at if history.epochs else time.time(),
                        trial_id=history.trial.id,
                        attempt=history.attempts,
                        outcome=Outcome.INTERRUPTED,
                        message="its driver was lost",
                    )
                )

    def next_segment(self) -> Segment | Pause:
        """Return the next segment, journaled as started; trials to be stopped are stopped first."""
        while isinstance(decision := self._search.decide(self._state), Stop):
            self._record(
                TrialStopped(at=time.time(), trial_id=decision.trial_id, reason=decision.reason)
            )
        if isinstance(decision, Pause):
            if decision is Pause.DONE and not self._state.ended:
                self._record(StudyEnded(at=time.time(), budget=self._search.ended_by))
            return decision
        return self._started(decision)

    def _started(self, segment: Segment) -> Segment:
        trial, until = segment.trial, segment.until_epoch
        if trial.id not in self._state:
            self._record(TrialPlanned(at=time.time(), trial=trial, until_epoch=until))
        self._record(
            SegmentStarted(
                at=time.time(), trial_id=trial.id, attempt=segment.attempt, until_epoch=until
            )
        )
        return segment

    def observe(self, record: Record) -> None:
        """Journal a record; what a lost attempt still sends, or sends twice, is dropped.

        Raises:
            MachineError: the machine refused, here or where the segment ran.
        """
        if isinstance(record, EpochMeasured) and not self._state.expects(record):
            return
        if isinstance(record, SegmentEnded):
            history = self._state.history(record.trial_id)
            if history.status is not TrialStatus.RUNNING or history.attempts != record.attempt:
                return
        fault = record.fault if isinstance(record, SegmentEnded) else None
        if fault is None:
            self._record(record)
            return
        with suppress(MachineError):  # the journal may be on the same full disk
            self._record(record)
        raise fault.stops(self._journal.place)

    def _record(self, record: Record) -> None:
        self._journal.append(record)
        self._state.apply(record)
        for observer in self._observers:
            observer(record, self._state)
