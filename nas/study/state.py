"""The journal folded into the present: which trials there are and where each stands."""

from collections.abc import Iterable
from dataclasses import replace

from nas.spec.budget import SPENT, budget_key
from nas.study.faults import TrialsRetried
from nas.study.histories import Histories
from nas.study.packed import PackedEpochs, packed
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
from nas.study.spending import Spending
from nas.study.standing import Standing

_STATUS_OF = {
    Outcome.FINISHED: TrialStatus.FINISHED,
    Outcome.REACHED: TrialStatus.PAUSED,
    Outcome.DIVERGED: TrialStatus.DIVERGED,
    Outcome.FAILED: TrialStatus.FAILED,
    Outcome.LOST: TrialStatus.PLANNED,
    Outcome.INTERRUPTED: TrialStatus.INTERRUPTED,
}


class StudyState:
    """Applies records in journal order; the search and every view read it."""

    def __init__(self, records: Iterable[Record] = (), *, attempts_allowed: int = 1) -> None:
        """Fold `records`; `attempts_allowed` is what the study began with."""
        self._places: dict[str, int] = {}  # of each trial, by id
        self.standings: list[Standing] = []  # by number
        self.attempts_allowed = attempts_allowed
        self.present = Histories(lambda place: self.standings[place].history())
        self.ended = False
        self.ended_by: str | None = None  # the limit of the budget that did
        self.spending = Spending()
        self.settled = 0  # epochs that need no more work: measured, or of a trial that has ended
        for record in records:
            self.apply(record)

    @classmethod
    def restored(
        cls,
        standings: Iterable[Standing],
        *,
        attempts_allowed: int,
        ended: bool,
        ended_by: str | None = None,
    ) -> "StudyState":
        """Return a state whose trials stand so, for readers: `spending` begins with what follows.

        What is given is copied.
        """
        state = cls(attempts_allowed=attempts_allowed)
        for standing in standings:
            state._add(replace(standing))
        state.ended, state.ended_by = ended, ended_by
        return state

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
                self.ended, self.ended_by = True, record.budget
            case StudyExtended():
                self._reopen(record)
                attempts = record.changes.get("resources.attempts", self.attempts_allowed)
                self.attempts_allowed = int(attempts or 1)
            case TrialsRetried():
                self._retry()
        self.spending.apply(record)

    def _reopen(self, record: StudyExtended) -> None:
        """Let trials that a budget stopped go on where another budget may pay them."""
        self.ended, self.ended_by = False, None
        if not any(key.startswith(budget_key("")) for key in record.changes):
            return
        for trial in self.standings:
            if trial.status is TrialStatus.STOPPED and trial.message.startswith(SPENT):
                trial.message = ""
                self._change(trial, TrialStatus.PAUSED)

    def _retry(self) -> None:
        """Let trials that failed be tried again, as often as a new one."""
        for trial in self.standings:
            if trial.status is TrialStatus.FAILED:
                trial.faults, trial.message = 0, ""
                self._change(trial, TrialStatus.PLANNED)
                self.ended, self.ended_by = False, None

    def _plan(self, trial: Trial, *, until_epoch: int) -> None:
        if trial.id in self._places:
            raise ValueError(f"{trial.id} planned twice")
        self._add(Standing(trial=trial, until_epoch=until_epoch))
        self.ended = False

    def _add(self, trial: Standing) -> None:
        self._places[trial.trial.id] = len(self.standings)
        self.standings.append(trial)
        self.present.add(trial.status)
        self.settled += trial.trial.epochs if trial.status in FINAL else len(trial.epochs)

    def _of(self, trial_id: str) -> Standing:
        """Return a trial that is about to change."""
        if trial_id not in self._places:
            raise ValueError(f"{trial_id} was never planned")
        return self.standings[self._places[trial_id]]

    def _change(self, trial: Standing, status: TrialStatus) -> None:
        """Note that a trial has changed, and where it stands now."""
        self.settled += (status in FINAL) * trial.left - (trial.status in FINAL) * trial.left
        trial.status = status
        if status in FINAL and isinstance(trial.epochs, list) and trial.epochs:
            trial.epochs = packed(trial.trial.id, trial.epochs)
        self.present.change(self._places[trial.trial.id], status)

    def _measure(self, record: EpochMeasured) -> None:
        trial = self._of(record.trial_id)
        if record.epoch != len(trial.epochs) + 1:
            raise ValueError(
                f"{record.trial_id}: epoch {record.epoch} after epoch {len(trial.epochs)}"
            )
        if isinstance(trial.epochs, PackedEpochs):
            trial.epochs = list(trial.epochs)
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
            exhausted = trial.faults >= self.attempts_allowed
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
        return trial_id in self._places

    def expects(self, record: EpochMeasured) -> bool:
        """Tell whether this epoch is the next of its trial, of the attempt now running."""
        trial = self.standings[self._places[record.trial_id]]
        running = trial.status is TrialStatus.RUNNING and record.attempt == trial.attempts
        return running and record.epoch == len(trial.epochs) + 1

    def release_running(self) -> None:
        """Treat running trials as interrupted: their driver is gone."""
        for trial in self.standings:
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
        return self.present[self._places[trial_id]]
