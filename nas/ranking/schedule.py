"""What the learning rate's schedule does to a reading at equal training loss, in sentences."""

from nas.ranking.curves import is_averaged
from nas.ranking.evidence import Evidence
from nas.ranking.metrics import METRICS
from nas.ranking.result import Relation, Symbol
from nas.ranking.scores import Scores
from nas.spec.study import RankingSpec
from nas.study.records import BRIEF


def placebo_notes(
    evidence: Evidence | None, relation: Relation | None, spec: RankingSpec
) -> list[str]:
    """Say whether the same training over fewer epochs comes out the same at equal loss."""
    if evidence is None or relation is None:
        return []
    brief, other = relation.a, relation.b
    sign = 1.0
    if not brief.endswith(BRIEF):
        brief, other, sign = other, brief, -1.0
    lengths = {
        label: max(len(each.history.epochs) for each in evidence.scores.finished(label).values())
        for label in (brief, other)
    }
    head = f"schedule placebo, {other} over {lengths[brief]} epochs in place of {lengths[other]}"
    if relation.withheld:
        return [f"{head}: not judged: {relation.withheld}"]
    low, high = relation.low, relation.high
    found = f"{100 * sign * relation.difference:+.2f} points"
    if low is not None and high is not None:
        ends = sorted((sign * low, sign * high))
        found += f" [{100 * ends[0]:+.2f}, {100 * ends[1]:+.2f}]"
    level = evidence.scores.equal_loss
    if level is not None:
        found += f" at {level:.3f} nats"
    if relation.symbol in (Symbol.BETTER, Symbol.MUCH_BETTER):
        loud = (
            f"SCHEDULE PLACEBO FAILED: {head}: {found}: the reading is of the schedule too, and a "
            "difference of that size at equal loss tells nothing of layouts"
        )
        return [loud]
    if relation.symbol is Symbol.EQUIVALENT:
        return [f"{head}: {found}: within the margin of {100 * spec.margin:g}"]
    return [f"{head}: {found}: not told apart from no difference"]


def reading_notes(scores: Scores, spec: RankingSpec) -> list[str]:
    """Say so where equal loss is read off weights as they are, at whatever rate they pass it."""
    labels = scores.by_layout
    if not METRICS[spec.metric].at_equal_loss or not labels:
        return []
    raw = [
        label
        for label in labels
        if not all(is_averaged(each.history) for each in scores.finished(label).values())
    ]
    if not raw:
        return []
    words = (
        "equal loss is read off the raw weights, which favours what passes it late in its "
        "schedule, by up to a point in our studies: set training.ema_decay"
    )
    return [words]
