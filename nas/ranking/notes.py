"""What a ranking rests on, in sentences: a symbol without its conditions would claim too much."""

from collections.abc import Iterable, Sequence

import numpy as np

from nas.ranking.curves import Reach
from nas.ranking.metrics import METRICS
from nas.ranking.result import LayoutScore, Relation, Symbol
from nas.ranking.scores import Scores
from nas.ranking.statistics.mishaps import excluded_rate
from nas.ranking.validity import (
    GAP_QUANTILE,
    clopper_pearson,
    final_accuracies,
    gap_error,
    rate_words,
    spread,
)
from nas.spec.study import RankingSpec
from nas.study.records import FINAL, TrialHistory, TrialStatus

SEEDS_ENOUGH = 6  # for a certificate (docs/ranking.md, "What it assumes, and where it fails")
SIZES_COMPARABLE = 0.10  # spread beyond which layouts differ by size as well

# Runs from which on one that lost 9 points at an sd of 1 is called collapsed in 95 of 100 labels
# (docs/ranking.md, "Who has collapsed").
COLLAPSE_SHOWS = 8

# Skewness up to which the certificate held in simulation, and the stricter level at which it still
# did with more (docs/ranking.md, "Calibration").
SKEWNESS_HELD = 0.7
ALPHA_WHERE_SKEWED = 0.003
# What |skewness| (g1) of n normal values exceeds once in a hundred: by simulation, at least 40,000
# samples each; below six any value is within noise.
_SKEWNESS_NOISE = {6: 1.53, 8: 1.60, 10: 1.58, 14: 1.47, 20: 1.31, 30: 1.12, 50: 0.89, 100: 0.64}


_MISSES = {Reach.STAYS_ABOVE: "never reached", Reach.BEGINS_BELOW: "began below"}


def preliminary(relations: Sequence[Relation], *, first: int) -> str:
    """Say why claims after so few seeds are no certificate yet, or return an empty string."""
    fewest = min([first, *(each.paired_seeds for each in relations if not each.withheld)])
    if not relations or fewest >= SEEDS_ENOUGH:
        return ""
    few = f"{_count(fewest, 'paired seed')} where {SEEDS_ENOUGH} make a certificate"
    if fewest < 2:
        return f"preliminary: {few}; of one seed nothing is claimed"
    return (
        f"preliminary: {few}; with so few, every symbol assumes normal differences and no test "
        "can check it"
    )


def assumptions(
    relations: Sequence[Relation], spec: RankingSpec, *, evaluation_images: int
) -> list[str]:
    """Say what the claims assume: how fine the evaluation set measures, and symmetric noise."""
    notes = []
    if relations and spec.margin * evaluation_images < 1:
        notes.append(
            f"the margin of {_points(spec.margin)} is less than one of the {evaluation_images:,} "
            "evaluation images: claims about it rest on the mean over seeds alone"
        )
    skewed = [each for each in relations if _skewed(each)]
    if skewed:
        pairs = ", ".join(f"{each.a} and {each.b} ({each.skewness:+.1f})" for each in skewed)
        note = (
            f"differences are skewed beyond what normal noise shows once in a hundred: {pairs}; "
            f"intervals were seen to hold up to a skewness of {SKEWNESS_HELD}"
        )
        if spec.alpha > ALPHA_WHERE_SKEWED:
            note += f": ask for ranking.alpha={ALPHA_WHERE_SKEWED}"
        notes.append(note)
    return notes


def _skewed(relation: Relation) -> bool:
    if (
        relation.skewness is None
        or relation.withheld
        or relation.paired_seeds < min(_SKEWNESS_NOISE)
    ):
        return False
    noise = np.interp(relation.paired_seeds, list(_SKEWNESS_NOISE), list(_SKEWNESS_NOISE.values()))
    return abs(relation.skewness) > max(float(noise), SKEWNESS_HELD)


def placebo(relation: Relation | None, spec: RankingSpec) -> list[str]:
    """Say what the twin tells: the noise floor, or that the study's claims cannot be trusted."""
    if relation is None:
        return []
    found = f"{_points(relation.difference, digits=2)}{_interval(relation)}"
    if relation.deviation is not None:
        found += f", sd {_points(relation.deviation, digits=2)}"
    found += f" over {_count(relation.paired_seeds, 'paired seed')}"
    both = f"{relation.a} {relation.symbol} {relation.b}"
    if relation.withheld:
        return [f"placebo, {relation.a} | {relation.b}: {found}; not judged: {relation.withheld}"]
    if relation.symbol in (Symbol.BETTER, Symbol.MUCH_BETTER):
        loud = (
            f"PLACEBO FAILED: {both}, though both are the same network: {found}. The symbols of "
            "this study are not to be trusted (chance alone does this in at most "
            f"{spec.alpha:.3g} of studies)"
        )
        return [loud]
    return [f"placebo, the noise floor: {both}, the same network entered twice: {found}"]


def sizes(layouts: Sequence[LayoutScore], spec: RankingSpec) -> list[str]:
    """Say how far the layouts' sizes spread; comparable sizes are what makes them comparable."""
    if len(layouts) < 2:
        return []
    columns = {
        "parameters": [layout.parameters for layout in layouts],
        "MACs": [layout.judged_macs for layout in layouts],
    }
    spreads = {name: spread(values) for name, values in columns.items()}
    said = ", ".join(
        f"{name} {min(values):,} to {max(values):,} (spread {spreads[name]:.1%})"
        for name, values in columns.items()
    )
    if any(layout.trained_macs is not None for layout in layouts):
        tuned = [layout.macs for layout in layouts]
        said += (
            f" as trained; fine-tuned, MACs are {min(tuned):,} to {max(tuned):,} (spread "
            f"{spread(tuned):.1%}), which sizes are not judged by"
        )
    checked = METRICS[spec.metric].equal_sizes and spec.size_tolerance is not None
    tolerance = spec.size_tolerance if checked and spec.size_tolerance else SIZES_COMPARABLE
    if max(spreads.values()) <= tolerance:
        return [f"sizes are comparable: {said}"]
    then = "pairs beyond it are not compared" if checked else "the ranking mixes them with layout"
    return [f"sizes differ by more than {tolerance:.0%}, {then}: {said}"]


def trials(histories: Sequence[TrialHistory], scores: Scores) -> list[str]:
    """Say which of the trials that count are missing from the scores, and why."""
    layouts = sorted({each.trial.label for each in histories if not each.trial.twin})
    notes = _lost(layouts, scores)
    ranked = scores.by_layout.keys()
    unranked = [label for label in layouts if label not in ranked]
    if not ranked:
        notes.insert(0, "no trial has finished: there is nothing to rank yet")
    elif unranked:
        notes.append(f"not ranked, because no trial finished: {', '.join(unranked)}")
    open_trials = sum(history.status not in FINAL for history in histories)
    if open_trials:
        notes.append(
            f"{open_trials} of {_count(len(histories), 'trial')} unfinished: the ranking may change"
        )
    return notes + _off_level(scores)


def _lost(layouts: Iterable[str], scores: Scores) -> list[str]:
    """Name the layouts whose runs were lost or stopped, with the rate: no t interval covers it."""
    notes = []
    for label in layouts:
        ended = [status for status in scores.statuses.get(label, {}).values() if status in FINAL]
        diverged = ended.count(TrialStatus.DIVERGED)
        others = "; its score is that of the others" if TrialStatus.FINISHED in ended else ""
        if diverged:
            rate = clopper_pearson(diverged, len(ended))
            notes.append(f"{label}: {rate_words(rate, 'diverged')}{others}")
        notes += [
            f"{label}: {ended.count(status)} of {_count(len(ended), 'trial')} {status}{others}"
            for status in (TrialStatus.FAILED, TrialStatus.STOPPED)
            if status in ended
        ]
    return notes


def _off_level(scores: Scores) -> list[str]:
    """Name the trials that were not read, and the layouts that are therefore read no further."""
    labels = dict.fromkeys((*scores.by_layout, *scores.unread, *scores.twins))
    total = sum(len(scores.finished(label)) for label in labels)
    notes = []
    for reach, verb in _MISSES.items():
        counts = {
            label: sum(each.reach is reach for each in seeds.values())
            for label, seeds in scores.unread.items()
        }
        counts = {label: count for label, count in counts.items() if count}
        if counts:
            named = ", ".join(f"{label} {count}" for label, count in counts.items())
            notes.append(
                f"{sum(counts.values())} of {_count(total, 'trial')} {verb} the equal probe "
                f"loss of {scores.equal_loss:.4g} nats and were not read there: {named}"
            )
    nowhere = [label for label in scores.by_layout if not scores.crosses(label)]
    if nowhere:
        notes.append(
            f"listed by the nearest ends of their curves, which are no scores: {', '.join(nowhere)}"
        )
    for label, seeds in scores.unread.items():
        end = min(seeds)
        if scores.crosses(label) and scores.first is not None and end >= scores.first:
            verb = _MISSES[seeds[end].reach]
            notes.append(
                f"{label} is read at the seeds before {end}, the first that {verb} the equal probe "
                "loss: to leave out that one alone would be to choose runs by how they went"
            )
    return notes


def far_below(layouts: Iterable[LayoutScore], scores: Scores, spec: RankingSpec) -> list[str]:
    """Name the layouts with a run that may have collapsed, where too few are there to tell."""
    notes = []
    for layout in layouts:
        ends = final_accuracies(scores.finished(layout.label), spec.metric)
        below = float(np.median(ends) - ends.min())
        few = len(ends) < COLLAPSE_SHOWS and not layout.collapsed.count
        if few and below > spec.large_margin:
            notes.append(
                f"{layout.label}: a run ended {_points(below)} below the median of {len(ends)}: "
                f"that few do not tell a collapse from noise, {COLLAPSE_SHOWS} mostly would"
            )
    return notes


def wide_gaps(
    layouts: Iterable[LayoutScore], scores: Scores, spec: RankingSpec, *, endless: bool
) -> list[str]:
    """Say of capacity why a gap beyond the bound is not called overfitting."""
    notes = []
    for layout in layouts if METRICS[spec.metric].abundant_data else ():
        if layout.loss_gap <= spec.overfitting:
            continue
        error = gap_error(scores.by_layout[layout.label])
        gap = f"{layout.label}: loss gap {layout.loss_gap:.3g} nats"
        if error is not None:
            gap += f" (standard error {error:.2g})"
        gap += f" > {spec.overfitting:.3g}"
        if endless:
            notes.append(f"{gap} parts two sets of images; none was trained on twice to overfit")
        elif error is not None and layout.loss_gap - GAP_QUANTILE * error <= spec.overfitting:
            notes.append(f"{gap} may be chance: probe and evaluation images are too few to tell")
    return notes


def mishaps(relations: Iterable[Relation]) -> list[str]:
    """Say what every `≈` cannot exclude: a mishap too rare to have struck one of its seeds."""
    found: dict[int, list[Relation]] = {}
    for each in relations:
        if each.symbol is Symbol.EQUIVALENT:
            found.setdefault(each.paired_seeds, []).append(each)
    notes = []
    for seeds, group in sorted(found.items()):
        # None of n values lies further from their mean than (n - 1) / sqrt(n) standard deviations.
        reach = max(each.deviation or 0.0 for each in group) * (seeds - 1) / np.sqrt(seeds)
        pairs = ", ".join(f"{each.a} {each.symbol} {each.b}" for each in group)
        notes.append(
            f"{pairs}: no difference of the {_count(seeds, 'paired seed')} lies more than "
            f"{_points(reach)} off its mean, which excludes at 95% that larger mishaps strike "
            f"{excluded_rate(seeds):.1%} of seeds or more; rarer ones may not have shown yet"
        )
    return notes


def against_order(relation: Relation) -> str:
    """Say that the paired seeds and the mean over all seeds disagree about two neighbours."""
    return (
        f"{relation.a} {relation.symbol} {relation.b} over the "
        f"{_count(relation.paired_seeds, 'seed')} that both finished, though the mean over all its "
        f"seeds ranks {relation.b} higher: the order shows {Symbol.UNDECIDED}"
    )


def _interval(relation: Relation) -> str:
    return f" {relation.interval}" if relation.interval else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _points(fraction: float, *, digits: int | None = None) -> str:
    number = f"{100 * fraction:.3g}" if digits is None else f"{100 * fraction:.{digits}f}"
    return f"{number} points"
