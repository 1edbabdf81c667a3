"""Trials that follow trials: every trained network is fine-tuned on other images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coatnet.config import CoAtNetConfig, changed
from coatnet.cost import cost
from nas.search.allocation.allocation import Workload, begin
from nas.study.records import (
    DataShape,
    NetworkConfig,
    Segment,
    Trial,
    TrialHistory,
    TrialStatus,
)

SUFFIX = "-fine"  # ends the id of a fine-tuning


@dataclass(frozen=True, kw_only=True, slots=True)
class FineTuning:
    """On what images of which shape, and for how long."""

    shape: DataShape
    epochs: int
    drop_path: float = 0.0
    trials: int = 0  # that are sure to be trained, and so to be followed

    @property
    def workload(self) -> Workload:
        """One fine-tuning of every trained trial."""
        return Workload(trials=self.trials, epochs=self.trials * self.epochs)

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | None:
        """Return the fine-tuning of the first trained trial that has none yet.

        A trial that diverged, or was stopped, is not followed.
        """
        followed = {history.trial.parent for history in histories}
        for history in histories:
            trial = history.trial
            ready = history.status is TrialStatus.FINISHED and trial.parent is None
            if ready and trial.id not in followed:
                return begin(self._follow(trial, len(histories) + 1))
        return None

    def _follow(self, trial: Trial, number: int) -> Trial:
        config = self.network(trial.config)
        macs = trial.macs  # of another family: as where it was trained
        if isinstance(config, CoAtNetConfig):
            macs = cost(config).macs
        return replace(
            trial,
            number=number,
            id=f"{number:04d}-{trial.id.partition('-')[2]}{SUFFIX}",
            epochs=self.epochs,
            config=config,
            macs=macs,
            parent=trial.id,
        )

    def network(self, config: NetworkConfig) -> NetworkConfig:
        """Return the network for the other images; its tables keep their size and are resized.

        Raises:
            ValueError: it cannot be built for images of that size.
        """
        shape = self.shape
        if not isinstance(config, CoAtNetConfig):
            return replace(
                config,
                image_size=shape.image_size,
                classes=shape.classes,
                drop_path=self.drop_path,
            )
        return changed(
            config,
            image_size=shape.image_size,
            bias_image_size=config.bias_image_size or config.image_size,
            classes=shape.classes,
            drop_path=self.drop_path,
        )
