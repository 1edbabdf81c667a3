"""What a trial is scored by, so that layouts trained to different depths compare fairly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from nas.ranking.curves import accuracy_at_loss, deepest_loss
from nas.records import TrialHistory, TrialStatus
from nas.spec import Metric


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialScore:
    """One finished trial's score, a fraction of the evaluation images."""

    history: TrialHistory
    value: float
    reached: bool  # False: read at the trial's own lowest loss, which lies above l*


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The finished trials' scores by layout and seed."""

    equal_loss: float | None  # l*, nats; None for metric accuracy, or when no trial finished
    by_layout: Mapping[str, Mapping[int, TrialScore]]

    @property
    def values(self) -> dict[str, dict[int, float]]:
        """Return the bare scores by layout and seed."""
        return {
            layout: {seed: score.value for seed, score in seeds.items()}
            for layout, seeds in self.by_layout.items()
        }


def finished(histories: Iterable[TrialHistory]) -> dict[str, dict[int, TrialHistory]]:
    """Return the finished trials by label and seed, both sorted.

    Raises:
        ValueError: two trials share label and seed, so no pairing by seed is defined.
    """
    found: dict[str, dict[int, TrialHistory]] = {}
    for history in sorted(histories, key=lambda each: (each.trial.label, each.trial.seed)):
        if history.status is not TrialStatus.FINISHED or not history.epochs:
            continue
        trial = history.trial
        seeds = found.setdefault(trial.label, {})
        if trial.seed in seeds:
            raise ValueError(
                f"trials {seeds[trial.seed].trial.id} and {trial.id} are both {trial.label} with "
                f"seed {trial.seed}: a layout has one trial for each seed"
            )
        seeds[trial.seed] = history
    return found


def equal_loss(trials: Mapping[str, Mapping[int, TrialHistory]]) -> float | None:
    """Return l*, the deepest probe loss (nats) that all layouts reach (DESIGN section 4).

    It is the largest, over layouts, of the median over seeds of a trial's lowest probe loss.
    """
    depths = [
        median(deepest_loss(history) for history in seeds.values()) for seeds in trials.values()
    ]
    return max(depths, default=None)


def score(histories: Iterable[TrialHistory], *, metric: Metric) -> Scores:
    """Score every finished trial.

    A trial that never reaches l* stays in, read at its own lowest loss: it was lost because of its
    score, and leaving it out would flatter its layout (CERTIFICATE, step 5).

    Raises:
        ValueError: two trials share label and seed.
    """
    trials = finished(histories)
    level = equal_loss(trials) if metric is Metric.GENERALIZATION else None
    return Scores(
        equal_loss=level,
        by_layout={
            label: {seed: _score(history, level) for seed, history in seeds.items()}
            for label, seeds in trials.items()
        },
    )


def _score(history: TrialHistory, level: float | None) -> TrialScore:
    if level is None:
        return TrialScore(
            history=history, value=history.epochs[-1].evaluation_accuracy, reached=True
        )
    return TrialScore(
        history=history,
        value=accuracy_at_loss(history, level),
        reached=deepest_loss(history) <= level,
    )
