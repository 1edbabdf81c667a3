"""Made-up studies in which attention starts slowly and ends best: curves of families cross."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import measured, trial_of

LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "T-T-T-T")


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowStarters:
    """Accuracy rises as final - 0.6 exp(-speed x epoch); attention lowers the speed."""

    layouts: Sequence[str] = LAYOUTS
    each: int = 12  # candidates of a layout
    epochs: int = 20
    ahead: float = 0.02  # what a family of one more attention stage ends above the one before
    spread: float = 0.01  # sd of final accuracies within a layout
    noise: float = 0.002  # sd of an epoch's accuracy
    fast: float = 0.9  # speed of convolution alone, per epoch
    slower: float = 0.16  # what each attention stage takes off

    def histories(
        self, seed: int = 0, *, seeds: Sequence[int] = (0,), crossing: bool = True
    ) -> tuple[TrialHistory, ...]:
        """Return every candidate's finished trials; not `crossing`, all are equally fast."""
        random = np.random.default_rng(seed)
        found: list[TrialHistory] = []
        times = np.arange(1, self.epochs + 1)
        for layout in self.layouts:
            attention = layout.count("T")
            speed = self.fast - (self.slower * attention if crossing else 0.0)
            for place in range(self.each):
                mean = 0.8 + self.ahead * attention + self.spread * random.standard_normal()
                for trial_seed in seeds:
                    trial = trial_of(
                        f"{layout}#{place + 1}",
                        seed=trial_seed,
                        number=len(found) + 1,
                        epochs=self.epochs,
                    )
                    rising = mean - 0.6 * np.exp(-speed * times)
                    wobble = self.noise * random.standard_normal(self.epochs)
                    epochs = measured(
                        trial,
                        losses=(2 * np.exp(-0.3 * speed * times)).tolist(),
                        accuracies=np.clip(rising + wobble, 0.1, 1.0).tolist(),
                    )
                    found.append(
                        TrialHistory(
                            trial=trial, status=TrialStatus.FINISHED, epochs=epochs, attempts=1
                        )
                    )
        return tuple(found)
