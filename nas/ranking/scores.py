"""What a trial is scored by, so that layouts trained to different depths compare fairly.

A study holds up to three kinds of trials: candidates, their fine-tunings (`Trial.parent`) and the
placebo's twin (`Trial.twin`). A metric scores one of the first two; a twin is scored like what it
copies, and is never a layout of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from nas.ranking.curves import deepest_loss
from nas.ranking.metrics import METRICS, TrialScore
from nas.spec.study import Metric
from nas.study.records import FINAL, TrialHistory, TrialStatus

Statuses = Mapping[int, TrialStatus]  # by seed: how far the trial is that the metric scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The finished trials' scores by layout and seed, and how every seed stands."""

    equal_loss: float | None  # l*, nats; None for other metrics, or when no trial finished
    by_layout: Mapping[str, Mapping[int, TrialScore]]
    twins: Mapping[str, Mapping[int, TrialScore]]  # by the twin's own label
    statuses: Mapping[str, Statuses]  # of every label, twins too; unfinished seeds too
    trained_macs: Mapping[str, int]  # multiply-adds by label, before any fine-tuning

    @property
    def values(self) -> dict[str, dict[int, float]]:
        """Return the bare scores by layout and seed."""
        return {
            layout: {seed: score.value for seed, score in seeds.items()}
            for layout, seeds in self.by_layout.items()
        }


def counted(histories: Iterable[TrialHistory], metric: Metric) -> tuple[TrialHistory, ...]:
    """Return the trials that the metric scores, by label and seed: fine-tunings or the others."""
    tuned = METRICS[metric].fine_tuned
    found = [history for history in histories if (history.trial.parent is not None) is tuned]
    return tuple(sorted(found, key=lambda each: (each.trial.label, each.trial.seed)))


def finished(trials: Iterable[TrialHistory]) -> dict[str, dict[int, TrialHistory]]:
    """Return the finished trials by label and seed, in the order given.

    Raises:
        ValueError: two trials share label and seed, so no pairing by seed is defined.
    """
    found: dict[str, dict[int, TrialHistory]] = {}
    for history in trials:
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


def equal_loss(
    trials: Mapping[str, Mapping[int, TrialHistory]], *, first: int | None = None
) -> float | None:
    """Return l*, the deepest probe loss (nats) that all layouts reach.

    See docs/measures.md, "Equal training loss": it is the largest, over layouts, of the median over
    seeds of a trial's lowest probe loss. Only seeds below `first` count, those of the first round:
    were l* to move when a seed is added, every score already looked at would move with it, and no
    bound over all looks could hold.
    """
    depths = [
        [deepest_loss(history) for seed, history in seeds.items() if first is None or seed < first]
        for seeds in trials.values()
    ]
    return max((median(found) for found in depths if found), default=None)


def score(histories: Iterable[TrialHistory], *, metric: Metric, first: int | None = None) -> Scores:
    """Score every finished trial; l* is that of the seeds below `first` and stays so.

    A trial that never reaches l* stays in, read at its own lowest loss: it was lost because of its
    score, and leaving it out would flatter its layout (docs/ranking.md, "Runs that are lost").

    Raises:
        ValueError: two trials share label and seed.
    """
    histories = tuple(histories)
    done = finished(counted(histories, metric))
    twins = {label for label, seeds in done.items() if _any(seeds).trial.twin}
    layouts = {label: seeds for label, seeds in done.items() if label not in twins}
    rule = METRICS[metric]
    level = equal_loss(layouts, first=first) if rule.at_equal_loss else None
    scored = {
        label: {seed: rule.score(history, level) for seed, history in seeds.items()}
        for label, seeds in done.items()
    }
    return Scores(
        equal_loss=level,
        by_layout={label: scored[label] for label in layouts},
        twins={label: scored[label] for label in done if label in twins},
        statuses=_statuses(histories, metric),
        trained_macs={h.trial.label: h.trial.macs for h in histories if h.trial.parent is None},
    )


def _statuses(
    histories: Sequence[TrialHistory], metric: Metric
) -> dict[str, dict[int, TrialStatus]]:
    """Return how every seed of every label stands under the metric.

    Of a fine-tuning that is not planned yet the trained trial tells: either it is still to come, or
    the training was lost and it never will.
    """
    statuses: dict[str, dict[int, TrialStatus]] = {}
    if METRICS[metric].fine_tuned:
        for each in histories:
            if each.trial.parent is None and not each.trial.twin:
                lost = each.status in FINAL and each.status is not TrialStatus.FINISHED
                status = each.status if lost else TrialStatus.PLANNED
                statuses.setdefault(each.trial.label, {})[each.trial.seed] = status
    for each in counted(histories, metric):
        statuses.setdefault(each.trial.label, {})[each.trial.seed] = each.status
    return statuses


def _any(seeds: Mapping[int, TrialHistory]) -> TrialHistory:
    return next(iter(seeds.values()))
