"""The journal folded into the present: which trials there are and where each stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from nas.spec.budget import SPENT, budget_key
from nas.study.records import (
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
from nas.study.spending import Spending

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
    status: TrialStatus = TrialStatus.PLANNED
    epochs: list[EpochMeasured] = field(default_factory=list)
    attempts: int = 0  # segments started
    faults: int = 0  # of those, failed or lost without a new epoch measured
    epochs_at_start: int = 0
    until_epoch: int = 0
    message: str = ""
    history: TrialHistory | None = None  # as last handed out; None once something changed


class StudyState:
    """Applies records in journal order; the search and every view read it."""

    def __init__(self, records: Iterable[Record] = (), *, attempts_allowed: int = 1) -> None:
        """Fold `records`; `attempts_allowed` is what the study began with."""
        self._trials: dict[str, _TrialState] = {}
        self._attempts_allowed = attempts_allowed
        self.ended = False
        self.ended_by: str | None = None  # the limit of the budget that did
        self.spending = Spending()
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
                trial.status, trial.attempts = TrialStatus.RUNNING, record.attempt
                trial.message, trial.until_epoch = "", record.until_epoch
                trial.epochs_at_start = len(trial.epochs)
            case EpochMeasured():
                epochs = self._of(record.trial_id).epochs
                if record.epoch != len(epochs) + 1:
                    raise ValueError(
                        f"{record.trial_id}: epoch {record.epoch} after epoch {len(epochs)}"
                    )
                epochs.append(record)
            case SegmentEnded():
                self._end(record)
            case TrialStopped():
                self._stop(record)
            case StudyEnded():
                self.ended, self.ended_by = True, record.budget
            case StudyExtended():
                self._reopen(record)
                attempts = record.changes.get("resources.attempts", self._attempts_allowed)
                self._attempts_allowed = int(attempts or 1)
        self.spending.apply(record)

    def _reopen(self, record: StudyExtended) -> None:
        """Let trials that a budget stopped go on where another budget may pay them."""
        self.ended, self.ended_by = False, None
        if not any(key.startswith(budget_key("")) for key in record.changes):
            return
        for trial in self._trials.values():
            if trial.status is TrialStatus.STOPPED and trial.message.startswith(SPENT):
                trial.status, trial.message, trial.history = TrialStatus.PAUSED, "", None

    def _plan(self, trial: Trial, *, until_epoch: int) -> None:
        if trial.id in self._trials:
            raise ValueError(f"{trial.id} planned twice")
        self._trials[trial.id] = _TrialState(trial=trial, until_epoch=until_epoch)
        self.ended = False

    def _of(self, trial_id: str) -> _TrialState:
        """Return a trial that is about to change."""
        if trial_id not in self._trials:
            raise ValueError(f"{trial_id} was never planned")
        trial = self._trials[trial_id]
        trial.history = None
        return trial

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
        trial.status, trial.message = _STATUS_OF[record.outcome], record.message
        if record.outcome in (Outcome.FAILED, Outcome.LOST):
            # Progress proves that trying again helps: on a cluster of preemptible machines a long
            # trial may lose its worker many times.
            trial.faults += len(trial.epochs) == trial.epochs_at_start
            exhausted = trial.faults >= self._attempts_allowed
            trial.status = TrialStatus.FAILED if exhausted else TrialStatus.PLANNED

    def _stop(self, record: TrialStopped) -> None:
        trial = self._of(record.trial_id)
        if trial.status is not TrialStatus.PAUSED:
            raise ValueError(f"{trial.trial.id}: stopped while {trial.status.value}")
        trial.status, trial.message = TrialStatus.STOPPED, record.reason

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
        for trial in self._trials.values():
            if trial.status is TrialStatus.RUNNING:
                trial.status, trial.history = TrialStatus.INTERRUPTED, None

    def histories(self) -> tuple[TrialHistory, ...]:
        """Return every trial's history, by number."""
        return tuple(self.history(trial_id) for trial_id in self._trials)

    def history(self, trial_id: str) -> TrialHistory:
        """Return one trial's history.

        Raises:
            KeyError: no such trial.
        """
        trial = self._trials[trial_id]
        if trial.history is None:
            trial.history = TrialHistory(
                trial=trial.trial,
                status=trial.status,
                epochs=tuple(trial.epochs),
                attempts=trial.attempts,
                until_epoch=trial.until_epoch,
                message=trial.message,
            )
        return trial.history
