"""Where one trial stands: what the records so far come to, and what the next ones change."""

from dataclasses import dataclass, field

from nas.study.packed import PackedEpochs
from nas.study.records import EpochMeasured, Trial, TrialHistory, TrialStatus


@dataclass(kw_only=True, slots=True)
class Standing:
    """One trial as its records have been applied so far."""

    trial: Trial
    status: TrialStatus = TrialStatus.PLANNED
    epochs: list[EpochMeasured] | PackedEpochs = field(default_factory=list)
    attempts: int = 0  # segments started
    faults: int = 0  # of those, failed or lost without a new epoch measured
    epochs_at_start: int = 0
    until_epoch: int = 0
    message: str = ""

    @property
    def left(self) -> int:
        """Epochs of the trial that are not measured."""
        return self.trial.epochs - len(self.epochs)

    def history(self) -> TrialHistory:
        """Return it as everyone reads it."""
        return TrialHistory(
            trial=self.trial,
            status=self.status,
            epochs=self.epochs if isinstance(self.epochs, PackedEpochs) else tuple(self.epochs),
            attempts=self.attempts,
            until_epoch=self.until_epoch,
            message=self.message,
        )
