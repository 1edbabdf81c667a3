"""The journal folded into the present: which trials there are and where each stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from nas.study.histories import Histories
from nas.study.records import (
    FINAL,
    EpochMeasured,
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    StudyExtended,
    Trial,
    TrialHistory,
    TrialPlanned,
    TrialStatus,
    TrialStopped,
)

_STATUS_OF = {
    Outcome.FINISHED: TrialStatus.FINISHED,
    Outcome.REACHED: TrialStatus.PAUSED,
    Outcome.DIVERGED: TrialStatus.DIVERGED,
    Outcome.FAILED: TrialStatus.FAILED,
    Outcome.LOST: TrialStatus.PLANNED,
    Outcome.INTERRUPTED: TrialStatus.INTERRUPTED,
}


@dataclass(kw_only=True, slots=True)
class _TrialState:
    trial: Trial
    place: int  # among all, from 0
    status: TrialStatus = TrialStatus.PLANNED
    epochs: list[EpochMeasured] = field(default_factory=list)
    attempts: int = 0  # segments started
    faults: int = 0  # of those, failed or lost without a new epoch measured
    epochs_at_start: int = 0
    until_epoch: int = 0
    message: str = ""

    @property
    def left(self) -> int:
        return self.trial.epochs - len(self.epochs)

    def history(self) -> TrialHistory:
        return TrialHistory(
            trial=self.trial,
            status=self.status,
            epochs=tuple(self.epochs),
            attempts=self.attempts,
            until_epoch=self.until_epoch,
            message=self.message,
        )


class StudyState:
    """Applies records in journal order; the search and every view read it."""

    def __init__(self, records: Iterable[Record] = (), *, attempts_allowed: int = 1) -> None:
        """Fold `records`; `attempts_allowed` is what the study began with."""
        self._trials: dict[str, _TrialState] = {}
        self._ordered: list[_TrialState] = []
        self._attempts_allowed = attempts_allowed
        self.present = Histories(lambda place: self._ordered[place].history())
        self.ended = False
        self.settled = 0  # epochs that need no more work: measured, or of a trial that has ended
        for record in records:
            self.apply(record)

    def apply(self, record: Record) -> None:
        """Take one record into account.

        Raises:
            ValueError: the record contradicts what came before it.
        """
        match record:
            case TrialPlanned():
                self._plan(record.trial, until_epoch=record.until_epoch or 0)
            case SegmentStarted():
                trial = self._of(record.trial_id)
                trial.attempts = record.attempt
                trial.message, trial.until_epoch = "", record.until_epoch
                trial.epochs_at_start = len(trial.epochs)
                self._change(trial, TrialStatus.RUNNING)
            case EpochMeasured():
                self._measure(record)
            case SegmentEnded():
                self._end(record)
            case TrialStopped():
                self._stop(record)
            case StudyEnded():
                self.ended = True
            case StudyExtended():
                self.ended = False
                attempts = record.changes.get("resources.attempts", self._attempts_allowed)
                self._attempts_allowed = int(attempts or 1)

    def _plan(self, trial: Trial, *, until_epoch: int) -> None:
        if trial.id in self._trials:
            raise ValueError(f"{trial.id} planned twice")
        planned = _TrialState(trial=trial, place=len(self._ordered), until_epoch=until_epoch)
        self._trials[trial.id] = planned
        self._ordered.append(planned)
        self.present.add(planned.status)
        self.ended = False

    def _of(self, trial_id: str) -> _TrialState:
        """Return a trial that is about to change."""
        if trial_id not in self._trials:
            raise ValueError(f"{trial_id} was never planned")
        return self._trials[trial_id]

    def _change(self, trial: _TrialState, status: TrialStatus) -> None:
        """Note that a trial has changed, and where it stands now."""
        self.settled += (status in FINAL) * trial.left - (trial.status in FINAL) * trial.left
        trial.status = status
        self.present.change(trial.place, status)

    def _measure(self, record: EpochMeasured) -> None:
        trial = self._of(record.trial_id)
        if record.epoch != len(trial.epochs) + 1:
            raise ValueError(
                f"{record.trial_id}: epoch {record.epoch} after epoch {len(trial.epochs)}"
            )
        trial.epochs.append(record)
        self.settled += trial.status not in FINAL
        self._change(trial, trial.status)

    def _end(self, record: SegmentEnded) -> None:
        trial = self._of(record.trial_id)
        if record.attempt != trial.attempts:
            raise ValueError(
                f"{trial.trial.id}: attempt {record.attempt} ended after another began"
            )
        if record.outcome is Outcome.FINISHED and trial.until_epoch < trial.trial.epochs:
            raise ValueError(
                f"{trial.trial.id}: a segment up to epoch {trial.until_epoch} of "
                f"{trial.trial.epochs} cannot finish it"
            )
        status, trial.message = _STATUS_OF[record.outcome], record.message
        if record.outcome in (Outcome.FAILED, Outcome.LOST):
            # Progress proves that trying again helps: on a cluster of preemptible machines a long
            # trial may lose its worker many times.
            trial.faults += len(trial.epochs) == trial.epochs_at_start
            exhausted = trial.faults >= self._attempts_allowed
            status = TrialStatus.FAILED if exhausted else TrialStatus.PLANNED
        self._change(trial, status)

    def _stop(self, record: TrialStopped) -> None:
        trial = self._of(record.trial_id)
        if trial.status is not TrialStatus.PAUSED:
            raise ValueError(f"{trial.trial.id}: stopped while {trial.status.value}")
        trial.message = record.reason
        self._change(trial, TrialStatus.STOPPED)

    def __contains__(self, trial_id: object) -> bool:
        """Tell whether a trial of this id is planned."""
        return trial_id in self._trials

    def expects(self, record: EpochMeasured) -> bool:
        """Tell whether this epoch is the next of its trial, of the attempt now running."""
        trial = self._trials[record.trial_id]
        running = trial.status is TrialStatus.RUNNING and record.attempt == trial.attempts
        return running and record.epoch == len(trial.epochs) + 1

    def release_running(self) -> None:
        """Treat running trials as interrupted: their driver is gone."""
        for trial in self._ordered:
            if trial.status is TrialStatus.RUNNING:
                self._change(trial, TrialStatus.INTERRUPTED)

    def histories(self) -> tuple[TrialHistory, ...]:
        """Return every trial's history, by number; `present` goes with the state instead."""
        return self.present.whole()

    def history(self, trial_id: str) -> TrialHistory:
        """Return one trial's history.

        Raises:
            KeyError: no such trial.
        """
        return self.present[self._trials[trial_id].place]
