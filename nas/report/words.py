"""What the report says, as text: numbers formatted and claims in words, no markup."""

from collections.abc import Iterable
from typing import Any

from nas.ranking.metrics import METRICS
from nas.ranking.result import WITHHELD, Group, LayoutScore, Ranking, Rate, Relation, Symbol
from nas.spec.study import Correction
from nas.study.records import TrialHistory, TrialStatus

_NONE = "–"


def lead(ranking: Ranking) -> str:
    """Return how the layouts were compared, in one or two sentences."""
    if ranking.equal_loss is None:
        return METRICS[ranking.metric].lead
    return (
        "Ranked by generalization: evaluation accuracy at equal probe loss (the training loss in "
        f"evaluation mode), l* = {ranking.equal_loss:.4g} nats, which every run that "
        "counts here reaches."
    )


def symbols(ranking: Ranking) -> dict[str, str]:
    """Return what each symbol claims."""
    margin, large = points(ranking.spec.margin), points(ranking.spec.large_margin)
    return {
        Symbol.MUCH_BETTER.value: f"certainly better by more than {large}",
        Symbol.BETTER.value: f"certainly better, by an estimate of at least {margin}",
        Symbol.EQUIVALENT.value: f"equivalent: they differ by less than {margin}",
        Symbol.NOT_WORSE.value: f"not worse by more than {margin}",
        Symbol.UNDECIDED.value: "not decided",
        WITHHELD: "not compared, for the reason given",
    }


def reading(ranking: Ranking) -> str:
    """Return how claims and intervals are to be read together."""
    level, error = f"{1 - ranking.spec.alpha:.4g}", f"{ranking.spec.alpha:.4g}"
    first, last = ranking.looks
    looks = "" if first == last else f", at any number of seeds from {first} to {last}"
    text = (
        "Differences are over paired seeds; the intervals hold for all pairs together at "
        f"{level}{looks} (Bonferroni). "
    )
    if ranking.spec.correction is Correction.HOLM:
        text += (
            f"Claims of > and ≫ are held to a family-wise error of {error} together, those of ≈ to "
            "another (Holm, Shaffer), which decides a little more; an interval ends where its "
            "claim does, at 0 for >. p is that of no difference, adjusted for all pairs and looks. "
        )
    else:
        text += f"All claims are read off them: any is wrong in at most {error} of studies. "
    return text + (
        "They are about new seeds on these evaluation images; the last column is the interval of "
        "the same difference for new images as well. "
        "The order above shows neighbours; claims of other pairs that do not follow from it stand "
        "below it."
    )


def claim(relation: Relation, ranking: Ranking) -> str:
    """Return a relation in words: what is claimed, by how much, over how many seeds."""
    margin = points(ranking.spec.margin)
    said = {
        Symbol.MUCH_BETTER: "much better by",
        Symbol.BETTER: "better by",
        Symbol.EQUIVALENT: "equivalent: the difference is",
        Symbol.NOT_WORSE: f"not worse by more than {margin}: the difference is",
        Symbol.UNDECIDED: "not decided:",
    }[relation.symbol]
    interval = f" {relation.interval}" if relation.interval else ""
    seeds = f"{relation.paired_seeds} paired seed{'' if relation.paired_seeds == 1 else 's'}"
    if relation.withheld:
        said = "not compared:"
    text = f"{said} {points(relation.difference, digits=2)}{interval}, {seeds}"
    if relation.deviation is not None:
        text += f", sd {points(relation.deviation, digits=2)}"
    if relation.p_adjusted is not None:
        p = relation.p_adjusted
        text += ", p < 0.001" if p < 0.001 else f", p = {p:.2g}"
    if relation.more_seeds is not None:
        text += f"; about {relation.more_seeds} more may decide"
    return text + (f"; {relation.withheld}" if relation.withheld else "")


def new_images(relation: Relation) -> str:
    """Return a pair's interval for new images in points, or a dash where it is not known."""
    found = relation.new_images
    return _NONE if found is None else f"[{100 * found.low:.2f}, {100 * found.high:.2f}]"


def layout_cells(layout: LayoutScore) -> dict[str, str | int]:
    """Return a layout's numbers as the table shows them."""
    low, high = layout.low, layout.high
    return {
        "name": layout.label,
        "score": f"{layout.score:.2%}",
        "interval": _NONE if low is None or high is None else f"{low:.2%} to {high:.2%}",
        "evaluation_accuracy": f"{layout.evaluation_accuracy:.2%}",
        "accuracy_gap": f"{100 * layout.accuracy_gap:+.2f}",
        "loss_gap": f"{layout.loss_gap:+.3f}",
        "probe_loss": f"{layout.probe_loss:.4g}",
        "area_log_loss": f"{layout.area_log_loss:+.2f}",
        "seeds": layout.seeds,
        "diverged": rate(layout.diverged),
        "collapsed": rate(layout.collapsed),
        "failed": layout.failed,
        "parameters": f"{layout.parameters:,}",
        "macs": count(layout.macs)
        + ("" if layout.trained_macs is None else f" (trained {count(layout.trained_macs)})"),
    }


def group_cells(group: Group) -> dict[str, str | int]:
    """Return the numbers of a layout's candidates as the table shows them."""
    return {
        "layout": group.layout,
        "candidates": f"{group.candidates:,}",
        "finished": f"{group.finished:,}",
        "stopped": f"{group.stopped:,}",
        "best": group.best,
        "best_score": f"{group.score:.2%}",
        "median": f"{group.median:.2%}",
        "half": f"{group.low:.2%} to {group.high:.2%}",
    }


def rate(found: Rate) -> str:
    """Return 0, or a count with the interval of its rate: 1 of 6 (0% to 64%)."""
    if not found.count:
        return "0"
    return f"{found.count} of {found.of} ({found.low:.0%} to {found.high:.0%})"


def trial_cells(histories: Iterable[TrialHistory]) -> list[dict[str, Any]]:
    """Return every trial's row as the table shows it."""
    rows = []
    for history in histories:
        last = history.epochs[-1] if history.epochs else None
        rows.append(
            {
                "name": history.trial.id,
                "status": history.status.value,
                "lost": history.status in (TrialStatus.DIVERGED, TrialStatus.FAILED),
                "seed": history.trial.seed,
                "epochs": f"{len(history.epochs)} of {history.trial.epochs}",
                "probe_loss": f"{last.probe_loss:.4g}" if last else _NONE,
                "evaluation_accuracy": f"{last.evaluation_accuracy:.2%}" if last else _NONE,
                "seconds": duration(last.seconds) if last else _NONE,
                "message": history.message,
            }
        )
    return rows


def points(fraction: float, *, digits: int | None = None) -> str:
    """Return a difference of accuracies in percentage points."""
    number = f"{100 * fraction:.{digits}f}" if digits is not None else f"{100 * fraction:.3g}"
    return f"{number} point{'' if number == '1' else 's'}"


def count(number: int) -> str:
    """Return a large count with its unit: 2.09 M."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.2f} {unit}"
    return str(number)


def duration(seconds: float) -> str:
    """Return seconds as 12 s, 3:05 or 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}"
