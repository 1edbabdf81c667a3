"""Where a metric means what it says: the regimes outside of which nothing is claimed.

Each check gives words, not a number to weigh: a symbol outside of its regime would be read as if it
were within. Words of a layout hold for all its pairs.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import fmean

import numpy as np

from nas.ranking.curves import Reach
from nas.ranking.metrics import METRICS, TrialScore
from nas.ranking.result import LayoutScore, Rate
from nas.ranking.scores import Scores, Statuses
from nas.ranking.statistics import special
from nas.ranking.statistics.mishaps import lost
from nas.spec.study import Metric, RankingSpec
from nas.study.records import FINAL, TrialStatus

_TAIL = 0.025  # on either side of an interval at 95 %
GAP_QUANTILE = 1.645  # of the normal distribution at 95 %, one-sided

_PLURAL = {
    Reach.STAYS_ABOVE: "never got so low",
    Reach.BEGINS_BELOW: "began below it",
}


@cache
def clopper_pearson(count: int, of: int) -> Rate:
    """Return how often something happened with its exact interval at 95 %; of nothing, [0, 1]."""
    if not of:
        return Rate(count=0, of=0, low=0.0, high=1.0)
    low = special.betaincinv(count, of - count + 1, _TAIL) if count else 0.0
    high = special.betaincinv(count + 1, of - count, 1 - _TAIL) if count < of else 1.0
    return Rate(count=count, of=of, low=float(low), high=float(high))


def divergence(statuses: Statuses) -> Rate:
    """Return how many of the trials that ended did so because a loss was not finite."""
    ended = [status for status in statuses.values() if status in FINAL]
    return clopper_pearson(ended.count(TrialStatus.DIVERGED), len(ended))


def final_accuracies(seeds: Mapping[int, TrialScore], metric: Metric) -> np.ndarray:
    """Return where each run ended, [n]: whether it was lost is not seen where it passes l*."""
    return np.array([METRICS[metric].read(each.history) for each in seeds.values()])


def collapse(values: Sequence[float], *, large_margin: float, floor: float = 0.0) -> Rate:
    """Return how many finished trials ended far below their siblings: in training, not in noise.

    `values` are final accuracies. Far is more than `large_margin` (fraction) below the median, and
    what normal noise of any size shows in one label of a hundred (docs/ranking.md, "Who has
    collapsed"); `floor` is the least sd of a run. They stay in the scores.
    """
    return clopper_pearson(
        int(lost(np.asarray(values, dtype=float), far=large_margin, floor=floor).sum()), len(values)
    )


def layout_words(
    layout: LayoutScore, *, scores: Scores, spec: RankingSpec, endless: bool = False
) -> str:
    """Return why nothing may be claimed of a layout, or an empty string.

    Of `endless` data no image is trained on twice, and a gap is no overfitting.
    """
    reasons = [
        rate_words(rate, verb)
        for rate, verb in ((layout.diverged, "diverged"), (layout.collapsed, "collapsed"))
        if rate.count
    ]
    if layout.stopped:
        reasons.append(
            f"{layout.stopped} of {layout.stopped + layout.seeds} trials were stopped: the others "
            "are the best of them"
        )
    if scores.equal_loss is not None:
        reasons += _crossing(scores.first_round(layout.label), scores.equal_loss)
    if METRICS[spec.metric].abundant_data and not endless:
        error = gap_error(scores.finished(layout.label))
        reasons += _overfits(layout.loss_gap, error, spec.overfitting)
    return "; ".join(reasons)


def gap_error(seeds: Mapping[int, TrialScore]) -> float | None:
    """Return the standard error of a label's mean loss gap over images, nats; None if unknown.

    The runs share probe and evaluation set, so that seeds do not average it away.
    """
    ends = [each.history.epochs[-1] for each in seeds.values()]
    errors = [
        math.hypot(end.probe_loss_error, end.evaluation_loss_error)
        for end in ends
        if end.probe_loss_error is not None and end.evaluation_loss_error is not None
    ]
    return fmean(errors) if len(errors) == len(ends) else None


def _overfits(gap: float, error: float | None, bound: float) -> list[str]:
    """Refuse a gap that exceeds the bound by more than its one-sided error at 95 %.

    Studies of 0.1 recorded no error; there it is taken for 0.
    """
    if gap - GAP_QUANTILE * (error or 0.0) <= bound:
        return []
    of = "" if error is None else f" (standard error {error:.2g})"
    return [f"overfits: loss gap {gap:.3g} nats{of} > {bound:.3g}: data is not abundant for it"]


def _crossing(seeds: Mapping[int, TrialScore], level: float) -> list[str]:
    """Refuse a first round that is not read whole: which runs are missing is no chance."""
    missed = [each.reach for each in seeds.values() if each.reach is not Reach.CROSSES]
    if not missed:
        return []
    counts = {kind: missed.count(kind) for kind in Reach}
    how = " and ".join(f"{n} {_PLURAL[kind]}" for kind, n in counts.items() if n)
    crossed = f"only {len(seeds) - len(missed)} of {len(seeds)} trials cross"
    return [f"{crossed} the equal probe loss of {level:.4g} nats ({how})"]


def rate_words(rate: Rate, verb: str) -> str:
    """Return a rate as '1 of 6 trials diverged (17%, 95% interval 0% to 64%)'."""
    return (
        f"{rate.count} of {rate.of} trial{'' if rate.of == 1 else 's'} {verb} "
        f"({rate.count / rate.of:.0%}, 95% interval {rate.low:.0%} to {rate.high:.0%})"
    )


def pair_words(
    a: LayoutScore,
    b: LayoutScore,
    *,
    trials: Mapping[str, Mapping[int, TrialScore]],
    spec: RankingSpec,
) -> str:
    """Return why two layouts may not be compared whatever seeds are added, or an empty string."""
    reasons = [f"{each.label}: {each.withheld}" for each in (a, b) if each.withheld]
    if METRICS[spec.metric].equal_sizes:
        reasons += _sizes(a, b, spec.size_tolerance)
    if METRICS[spec.metric].abundant_data:
        reasons += _steps(trials[a.label], trials[b.label])
    return "; ".join(reasons)


def lost_by_score(layout: LayoutScore) -> bool:
    """Tell whether runs were lost or spoilt by how they trained: no t interval covers those."""
    return bool(layout.diverged.count or layout.collapsed.count or layout.stopped)


def spread(sizes: Sequence[int]) -> float:
    """Return by which fraction the largest exceeds the smallest."""
    return max(sizes) / max(min(sizes), 1) - 1


def _sizes(a: LayoutScore, b: LayoutScore, tolerance: float | None) -> list[str]:
    if tolerance is None:
        return []
    spreads = {
        "parameters": spread((a.parameters, b.parameters)),
        "MACs": spread((a.judged_macs, b.judged_macs)),
    }
    beyond = [f"{name} by {found:.1%}" for name, found in spreads.items() if found > tolerance]
    if not beyond:
        return []
    if spreads["MACs"] > tolerance and (a.trained_macs is not None or b.trained_macs is not None):
        beyond[-1] += f" as trained ({spread((a.macs, b.macs)):.1%} as fine-tuned)"
    return [f"sizes differ, {' and '.join(beyond)}, where {tolerance:.0%} is tolerated"]


def _steps(a: Mapping[int, TrialScore], b: Mapping[int, TrialScore]) -> list[str]:
    """Refuse unequal training: capacity is the performance after the same optimisation steps."""
    steps = {each.history.epochs[-1].step for seeds in (a, b) for each in seeds.values()}
    if len(steps) < 2:
        return []
    return [f"optimisation steps differ: {min(steps):,} to {max(steps):,}"]


def seeds_words(pairs: int, *, first: int, statuses: tuple[Statuses, Statuses]) -> str:
    """Return why a pair with so few seeds has no claim yet, or an empty string.

    It is not judged before `first` seeds, the first look that the error level is spent on.
    """
    needed = max(first, 2)
    if pairs >= needed:
        return ""
    found = f"{pairs} paired seed{'' if pairs == 1 else 's'} where claims begin at {needed}"
    ended = [status for seeds in statuses for status in seeds.values()]
    failed = ended.count(TrialStatus.FAILED)
    why = [f"{failed} failed"] if failed else []
    open_ = sum(status not in FINAL for status in ended)
    why += [f"{open_} unfinished"] if open_ else []
    return f"{found} ({', '.join(why)})" if why else found


def mean_interval(
    values: np.ndarray, *, alpha: float, floor: float
) -> tuple[float, float] | tuple[None, None]:
    """Return the t interval of the mean, cut to what an accuracy can be."""
    if len(values) < 2:
        return None, None
    error = max(float(values.std(ddof=1)), floor) / math.sqrt(len(values))
    half = float(special.stdtrit(len(values) - 1, 1 - alpha / 2)) * error
    return max(float(values.mean()) - half, 0.0), min(float(values.mean()) + half, 1.0)
