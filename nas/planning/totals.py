"""Seconds of all trials of a study added up, on workers and on the wall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nas.planning.plan import task_of
from nas.planning.rehearsal import Rehearsed
from nas.planning.seconds import EpochSeconds, Estimate
from nas.planning.shapes import shape_of
from nas.spec.study import StudySpec
from nas.study.records import Trial


class Costs:
    """Seconds of an epoch by trial, checkpoints included; each label is worked out once."""

    def __init__(self, clocks: Mapping[str, EpochSeconds], saves: Mapping[str, float]) -> None:
        """Take the clocks of tasks, and seconds of checkpoints an epoch."""
        self._clocks, self._saves = clocks, saves
        self._known: dict[tuple[str, str], Estimate] = {}

    def of(self, trial: Trial) -> Estimate:
        """Return seconds of an epoch of the trial."""
        task = task_of(trial)
        if (task, trial.label) not in self._known:
            save = self._saves[task]
            saved = Estimate(estimate=save, low=save, high=save)
            seconds = self._clocks[task].of(shape_of(trial)).plus(saved)
            self._known[task, trial.label] = seconds
        return self._known[task, trial.label]

    def seconds(self, trial: Trial) -> float:
        """Return the estimate alone."""
        return self.of(trial).estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """What all trials come to."""

    trials: Estimate
    epochs: Estimate
    busy: Estimate  # seconds of workers
    rehearsed_wall: float  # seconds, of what is rehearsed
    rehearsed_busy: float

    def wall(self, workers: int) -> Estimate:
        """Return seconds on the wall: as rehearsed, and what is added shared out evenly."""
        added = self.busy.estimate - self.rehearsed_busy
        wall = self.rehearsed_wall + added / workers
        per = wall / self.busy.estimate
        return Estimate(estimate=wall, low=per * self.busy.low, high=per * self.busy.high)


def add_up(
    spec: StudySpec,
    runs: Sequence[Rehearsed],
    cost: Costs,
    added: Estimate,
    candidates: Sequence[Trial],
    *,
    times: float,
) -> Total:
    """Add up: errors of trials go together, so that ends of intervals add up like estimates."""
    share = _shares(runs[0], cost)
    busy = _over([run.busy for run in runs])
    busy = Estimate(estimate=busy.estimate, low=busy.low * share[0], high=busy.high * share[1])
    full, each = spec.training.epochs, 1
    seconds = fmean(cost.of(trial).estimate for trial in candidates) * full
    if spec.fine_tune is not None:
        tuned = [h.trial for h in runs[0].histories if h.trial.parent is not None]
        full, each = full + spec.fine_tune.training.epochs, 2
        if tuned:
            epochs = spec.fine_tune.training.epochs
            seconds += fmean(cost.of(trial).estimate for trial in tuned) * epochs
    more = Estimate(
        estimate=added.estimate * seconds,
        low=added.low * seconds * share[0],
        high=added.high * seconds * share[1],
    )
    return Total(
        trials=_over([len(run.histories) for run in runs]).times(times).plus(added.times(each)),
        epochs=_over([run.epochs for run in runs]).times(times).plus(added.times(full)),
        busy=busy.times(times).plus(more),
        rehearsed_wall=fmean(run.wall for run in runs) * times,
        rehearsed_busy=busy.estimate * times,
    )


def _shares(run: Rehearsed, cost: Costs) -> tuple[float, float]:
    """Return the ends of the interval of all trials' seconds, as shares of the estimate."""
    parts = [cost.of(h.trial).times(len(h.epochs)) for h in run.histories]
    middle = sum(part.estimate for part in parts)
    return sum(part.low for part in parts) / middle, sum(part.high for part in parts) / middle


def _over(values: Sequence[float]) -> Estimate:
    return Estimate(estimate=fmean(values), low=min(values), high=max(values))
