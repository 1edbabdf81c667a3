"""Trials that follow trials: every trained network is fine-tuned on other images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.networks.registry import family_of
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
            ready = ready and not trial.brief  # it is about the training itself
            if ready and trial.id not in followed:
                return begin(self._follow(trial, len(histories) + 1))
        return None

    def _follow(self, trial: Trial, number: int) -> Trial:
        config, family = self.network(trial.config), family_of(trial.config)
        macs = trial.macs  # of a baseline: as where it was trained, rather than built again
        if family.priced_at_once:
            macs = family.cost(config).macs
        return replace(
            trial,
            number=number,
            id=f"{number:04d}-{trial.id.partition('-')[2]}{SUFFIX}",
            epochs=self.epochs,
            config=config,
            macs=macs,
            parent=trial.id,
            recipe=None,  # the fine-tuning's own is the same for all
        )

    def network(self, config: NetworkConfig) -> NetworkConfig:
        """Return the network for the other images.

        Raises:
            ValueError: it cannot be built for images of that size.
        """
        return family_of(config).retargeted(config, self.shape, drop_path=self.drop_path)
