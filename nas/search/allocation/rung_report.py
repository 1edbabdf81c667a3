"""What rungs did to a study: who went on, how well they told the end, and whom they killed wrongly.

docs/search.md, "What a report says of its rungs", defines every number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from nas.ranking.costs import PricedGoal
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
    goals: tuple[PricedGoal, ...] = ()  # beside the score: then a false kill is one of the front

    @property
    def sentence(self) -> str:
        """What the controls say of all that was stopped, in words."""
        found = self.false_kills
        if not found.of:
            return "No control has ended, so nobody knows whether a rung stopped one of the best."
        where = "on the front of score and costs" if self.goals else "among the best two"
        return (
            f"{found.count} of {found.of} controls, turned down by a rung and trained to the end "
            f"all the same, ended {where}: so would {found.low:.0%} to "
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
    goals: Sequence[PricedGoal] = (),
) -> RungReport:
    """Return what the rungs of a study did so far.

    Args:
        rungs: its allocation.
        spec: the same as it was asked for.
        histories: all trials, in order.
        scores: of what finished, by label: larger is better.
        goals: costs that it judged by as well.
    """
    trained = climbing_only(histories)
    by_id = {history.trial.id: history for history in trained}
    drawn = {h.trial.id for n, h in enumerate(trained, start=1) if n in rungs.controls}
    decisions = rungs.decisions(histories)
    turned_down = {name for decision in decisions for name in decision.behind}
    judge = _Judge(scores, goals)
    rivals = judge.worths([h for h in trained if judge.knows(h) and h.trial.id not in turned_down])
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
                false_kills=judge.false_kills(controls, rivals),
            )
        )
    rates = [rung.false_kills for rung in found]
    return RungReport(
        kind=spec.kind,
        rungs=tuple(found),
        false_kills=clopper_pearson(sum(r.count for r in rates), sum(r.of for r in rates)),
        goals=tuple(goals),
    )


class _Judge:
    """Tells from scores, and costs where trials are judged by them, who was turned down wrongly."""

    def __init__(self, scores: Mapping[str, float], goals: Sequence[PricedGoal]) -> None:
        self._scores, self._goals = scores, goals
        self._top = 1 if goals else TOP

    def knows(self, history: TrialHistory) -> bool:
        return history.status is TrialStatus.FINISHED and history.trial.label in self._scores

    def worths(self, histories: Sequence[TrialHistory]) -> np.ndarray:
        """Return what trials that it knows are worth, [trials, 1 + goals]."""
        rows = [
            [self._scores[h.trial.label], *(goal.worth(h) for goal in self._goals)]
            for h in histories
        ]
        return np.array(rows, dtype=float).reshape(len(rows), 1 + len(self._goals))

    def false_kills(self, controls: Sequence[TrialHistory], rivals: np.ndarray) -> Rate:
        """Count the controls that fewer than `TOP` of the promoted `rivals` equal in everything.

        With costs not one may: such a control is on the front of what finished.
        """
        known = self.worths([h for h in controls if self.knows(h)])
        wrong = sum(int((rivals >= mine).all(axis=1).sum()) < self._top for mine in known)
        lost = sum(h.status is TrialStatus.DIVERGED for h in controls)
        return clopper_pearson(wrong, len(known) + lost)
