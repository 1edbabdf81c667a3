"""What rungs did to a study: who went on, how well they told the end, and whom they killed wrongly.

docs/search.md, "What a report says of its rungs", defines every number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from nas.ranking.result import Rate
from nas.ranking.validity import clopper_pearson
from nas.search.allocation.agreement import Agreement, rung_agreement
from nas.search.allocation.ladder import RungAllocation
from nas.search.allocation.planning import climbing_only
from nas.search.allocation.readings import Readings
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind
from nas.study.records import TrialHistory, TrialStatus

TOP = 2  # a control among so many best was turned down wrongly


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One rung, over all cohorts."""

    epoch: int
    reached: int  # trials that were compared there
    promoted: int
    stopped: int  # turned down, and no control
    controls: int  # turned down, and trained to the end all the same
    pooled: bool  # whether all were compared together, rather than within strata
    agreement: Agreement | None  # with the end, over trials that finished
    false_kills: Rate  # of its controls that have ended


@dataclass(frozen=True, kw_only=True, slots=True)
class RungReport:
    """All rungs of a study, the lowest first."""

    kind: AllocationKind
    rungs: tuple[Rung, ...]
    false_kills: Rate  # of the controls of all rungs

    @property
    def sentence(self) -> str:
        """What the controls say of all that was stopped, in words."""
        found = self.false_kills
        if not found.of:
            return "No control has ended, so nobody knows whether a rung stopped one of the best."
        return (
            f"{found.count} of {found.of} controls, turned down by a rung and trained to the end "
            f"all the same, ended among the best two: so would {found.low:.0%} to "
            f"{found.high:.0%} of the trials that were stopped (exact interval at 95 %)."
        )

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "allocation": self.kind.value,
            "rungs": [asdict(rung) for rung in self.rungs],
            "false_kills": asdict(self.false_kills),
            "sentence": self.sentence,
        }


def rung_report(
    rungs: RungAllocation,
    spec: AllocationSpec,
    histories: Sequence[TrialHistory],
    *,
    scores: Mapping[str, float],
) -> RungReport:
    """Return what the rungs of a study did so far.

    Args:
        rungs: its allocation.
        spec: the same as it was asked for.
        histories: all trials, in order.
        scores: of what finished, by label: larger is better.
    """
    trained = climbing_only(histories)
    by_id = {history.trial.id: history for history in trained}
    drawn = {h.trial.id for n, h in enumerate(trained, start=1) if n in rungs.controls}
    decisions = rungs.decisions(histories)
    turned_down = {name for decision in decisions for name in decision.behind}
    rivals = sorted(
        (
            scores[h.trial.label]
            for h in trained
            if h.status is TrialStatus.FINISHED
            and h.trial.id not in turned_down
            and h.trial.label in scores
        ),
        reverse=True,
    )
    readings = Readings(spec.metric)
    found: list[Rung] = []
    for epoch in sorted({decision.epoch for decision in decisions}):
        here = [decision for decision in decisions if decision.epoch == epoch]
        behind = {name for decision in here for name in decision.behind}
        controls = [by_id[name] for name in sorted(behind & drawn)]
        found.append(
            Rung(
                epoch=epoch,
                reached=sum(len(decision.reached) for decision in here),
                promoted=sum(len(decision.promoted) for decision in here),
                stopped=len(behind - drawn),
                controls=len(controls),
                pooled=all(decision.pooled for decision in here),
                agreement=rung_agreement(trained, epoch, readings),
                false_kills=_false_kills(controls, scores, rivals),
            )
        )
    rates = [rung.false_kills for rung in found]
    return RungReport(
        kind=spec.kind,
        rungs=tuple(found),
        false_kills=clopper_pearson(sum(r.count for r in rates), sum(r.of for r in rates)),
    )


def _false_kills(
    controls: Sequence[TrialHistory], scores: Mapping[str, float], rivals: Sequence[float]
) -> Rate:
    """Count the controls that fewer than `TOP` of the promoted `rivals` (best first) equal."""
    ended = [
        h
        for h in controls
        if h.status is TrialStatus.DIVERGED
        or (h.status is TrialStatus.FINISHED and h.trial.label in scores)
    ]
    mark = rivals[TOP - 1] if len(rivals) >= TOP else None
    wrong = [
        h
        for h in ended
        if h.status is TrialStatus.FINISHED and (mark is None or scores[h.trial.label] > mark)
    ]
    return clopper_pearson(len(wrong), len(ended))
