"""What a trial is scored by, so that layouts trained to different depths compare fairly.

A study holds up to three kinds of trials: candidates, their fine-tunings (`Trial.parent`) and the
placebo's twin (`Trial.twin`). A metric scores one of the first two; a twin is scored like what it
copies, and is never a layout of its own.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, stdev

from nas.ranking.curves import Reach, deepest_loss, first_loss, is_averaged, ln_loss
from nas.ranking.metrics import METRICS, TrialScore
from nas.spec.study import Metric
from nas.study.records import FINAL, TrialHistory, TrialStatus

# Room for runs to come, in sds over seeds of ln(lowest probe loss): with none the slowest layout of
# twenty seeds meets a run that ends above l* in 58 of 100 studies, with one in 20
# (docs/measures.md, "What l* was measured against").
ROOM = 1.0

# The same where averaged weights are read, in e-folds and at the least: at the very end of a
# training an average still lags behind, and read there the shorter of two trainings comes out worse
# by 0.4 points; half an e-fold above by less than 0.1 (docs/measures.md, "The schedule placebo").
AVERAGES_ROOM = 0.5

# A run has no say in l* that ends above its siblings' median by more than a factor e and by more
# than six robust sds (1.4826 x MAD estimates the sd of normal values): it has not trained.
ASTRAY = 1.0
ASTRAY_MADS = 6 * 1.4826

Statuses = Mapping[int, TrialStatus]  # by seed: how far the trial is that the metric scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The finished trials' scores by layout and seed, and how every seed stands.

    All are read at l*, where the metric has one; a layout of which no trial crosses it is listed at
    the nearest ends of its curves, since an order has to put it somewhere, and no pair of it has a
    seed. A trial that does not cross it has no score, and later than the first round it ends what
    is read of its layout: the seeds before it are what a study would have that had looked then,
    which its claims allow (docs/ranking.md, "Runs that are lost"). To leave out the one alone would
    be to choose runs by how they went.
    """

    equal_loss: float | None  # l*, nats; None for other metrics, or when no trial finished
    by_layout: Mapping[str, Mapping[int, TrialScore]]
    twins: Mapping[str, Mapping[int, TrialScore]]  # by the twin's own label
    statuses: Mapping[str, Statuses]  # of every label, twins too; unfinished seeds too
    trained_macs: Mapping[str, int]  # multiply-adds by label, before any fine-tuning
    # Finished and no part of the scores, by any label: what misses l*, and what comes after it.
    unread: Mapping[str, Mapping[int, TrialScore]] = field(default_factory=dict)
    first: int | None = None  # seeds below it are the first round; None: all are

    @property
    def values(self) -> dict[str, dict[int, float]]:
        """Return the bare scores by layout and seed."""
        return {
            layout: {seed: score.value for seed, score in seeds.items()}
            for layout, seeds in self.by_layout.items()
        }

    @property
    def means(self) -> dict[str, float]:
        """Return the mean of each candidate that is read, by label."""
        return {
            label: fmean(each.value for each in seeds.values())
            for label, seeds in self.by_layout.items()
            if seeds
        }

    def finished(self, label: str) -> dict[int, TrialScore]:
        """Return all finished trials of a label by seed, those without a score too."""
        read = self.by_layout.get(label) or self.twins.get(label) or {}
        return dict(sorted({**read, **self.unread.get(label, {})}.items()))

    def crosses(self, label: str) -> bool:
        """Tell whether any trial of a label is read at l*."""
        return bool(self.finished(label).keys() - self.unread.get(label, {}).keys())

    def first_round(self, label: str) -> dict[int, TrialScore]:
        """Return the finished trials of a label that l* is read off."""
        every = self.finished(label)
        return {seed: each for seed, each in every.items() if _in_first(seed, self.first)}

    def prefix(self, label: str) -> Statuses:
        """Return how the seeds stand of which a label is read: those before the first unread."""
        end = min(self.unread.get(label, ()), default=math.inf)
        return {seed: status for seed, status in self.statuses[label].items() if seed < end}


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
    trials: Mapping[str, Mapping[int, TrialHistory]],
    *,
    first: int | None = None,
    growing: bool = False,
) -> float | None:
    """Return l*, the deepest probe loss (nats) that all runs of the first round reach.

    See docs/measures.md, "Equal training loss": the largest, over runs, of the lowest probe loss,
    less those that went astray. Only seeds below `first` count: were l* to move when a seed is
    added, every score already looked at would move with it, and no bound over all looks could hold.
    Where the study is `growing`, l* lies `ROOM` higher, so that the runs to come reach it too, and
    where averaged weights are read at least `AVERAGES_ROOM`, as far as every run of the first round
    still begins above it.
    """
    rounds = [
        [history for seed, history in seeds.items() if _in_first(seed, first)]
        for seeds in trials.values()
    ]
    return common_loss([depth_of(found) for found in rounds if found], growing=growing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """What one layout's runs of the first round have to say of l*; losses in nats."""

    reached: float  # by all of them that trained
    roomy: float  # the same with room for runs to come
    begins: float  # the lowest of the losses after their first epochs
    averaged: bool  # whether any is read by its averaged weights


def depth_of(runs: Sequence[TrialHistory]) -> Depth:
    """Return what these finished runs of one layout, at least one, say of l*."""
    losses = _less_astray([deepest_loss(each) for each in runs])
    return Depth(
        reached=max(losses),
        roomy=max(losses) * math.exp(ROOM * _spread(losses)),
        begins=min(first_loss(history) for history in runs),
        averaged=any(is_averaged(history) for history in runs),
    )


def common_loss(depths: Sequence[Depth], *, growing: bool = False) -> float | None:
    """Return l* of layouts from what each says of it; None if there are none."""
    if not depths:
        return None
    level = max(each.reached for each in depths)
    roomy = max(each.roomy for each in depths) if growing else level
    if any(each.averaged for each in depths):
        roomy = max(roomy, level * math.exp(AVERAGES_ROOM))
    return max(level, min(roomy, min(each.begins for each in depths)))


def deepest(one: Depth, other: Depth) -> Depth:
    """Return what two layouts say together: of any number, l* is `common_loss` of this alone."""
    return Depth(
        reached=max(one.reached, other.reached),
        roomy=max(one.roomy, other.roomy),
        begins=min(one.begins, other.begins),
        averaged=one.averaged or other.averaged,
    )


def _less_astray(losses: Sequence[float]) -> list[float]:
    depths = [ln_loss(loss) for loss in losses]
    middle = median(depths)
    far = max(ASTRAY, ASTRAY_MADS * median(abs(depth - middle) for depth in depths))
    return [loss for loss, depth in zip(losses, depths, strict=True) if depth - middle <= far]


def _spread(losses: Sequence[float]) -> float:
    return stdev(ln_loss(loss) for loss in losses) if len(losses) > 1 else 0.0


def _in_first(seed: int, first: int | None) -> bool:
    return first is None or seed < first


def score(
    histories: Iterable[TrialHistory],
    *,
    metric: Metric,
    first: int | None = None,
    growing: bool = False,
    alone: bool = False,
) -> Scores:
    """Score every finished trial; l* is that of the seeds below `first` and stays so.

    Twins have a say in l*, or half of the slowest layout's would not reach it; brief ones only
    where they are `alone` with what they copy.

    Raises:
        ValueError: two trials share label and seed.
    """
    histories = tuple(histories)
    done = finished(counted(histories, metric))
    twins = {label for label, seeds in done.items() if _any(seeds).trial.twin}
    rule = METRICS[metric]
    asked = {label: seeds for label, seeds in done.items() if alone or not _any(seeds).trial.brief}
    level = equal_loss(asked, first=first, growing=growing) if rule.at_equal_loss else None
    scored = {
        label: {seed: rule.score(history, level) for seed, history in seeds.items()}
        for label, seeds in done.items()
    }
    read = {label: _read(seeds, first) for label, seeds in scored.items()}
    unread = {
        label: {seed: each for seed, each in seeds.items() if seed not in read[label]}
        for label, seeds in scored.items()
    }
    return Scores(
        equal_loss=level,
        by_layout={
            label: seeds or scored[label] for label, seeds in read.items() if label not in twins
        },
        twins={label: seeds for label, seeds in read.items() if seeds and label in twins},
        statuses=_statuses(histories, metric),
        trained_macs={h.trial.label: h.trial.macs for h in histories if h.trial.parent is None},
        unread={label: seeds for label, seeds in unread.items() if seeds},
        first=first,
    )


def _read(seeds: Mapping[int, TrialScore], first: int | None) -> dict[int, TrialScore]:
    """Return what crosses l*, up to the first later run that does not."""
    missed = [seed for seed, each in seeds.items() if each.reach is not Reach.CROSSES]
    end = min((seed for seed in missed if not _in_first(seed, first)), default=math.inf)
    return {seed: each for seed, each in seeds.items() if seed < end and seed not in missed}


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
