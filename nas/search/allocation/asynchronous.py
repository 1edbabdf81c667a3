"""Asynchronous successive halving as published, whole (ASHA) or with rungs added late (PASHA).

Baselines for `Cohorts`. Whoever asks is answered at once, from the trials that have come to a rung
so far: what is decided depends on the order in which they come, which is that of the journal.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from nas.search.allocation.allocation import Workload, begin, go_on
from nas.search.allocation.ladder import RungDecision, after, drawn_controls, rung_epochs
from nas.search.allocation.planning import Planner, climbing_only
from nas.search.allocation.readings import Readings
from nas.search.samplers.sampler import Sampler
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.study.records import FINAL, Pause, Segment, Stop, TrialHistory, TrialStatus

_NOISY = 90  # percentile of the distances of curves that cross twice (PASHA, Section 4)


class Asha:
    """One in `reduction` of the trials at a rung may go on, the best first (arXiv:1810.05934).

    Of rungs with somebody to promote the highest is asked first; with nobody a new candidate
    begins. What the paper leaves open: when no candidate is left and no trial was trained to the
    end, the best at the highest rung is. Controls are trained to the end beside it and are in no
    rung, so that it promotes whom it would have promoted without them.
    """

    def __init__(
        self,
        spec: AllocationSpec,
        planner: Planner,
        *,
        sampler: Sampler,
        total: int,
        seed: int,
        readings: Readings | None = None,
    ) -> None:
        """Train what `sampler` proposes, up to `total` candidates."""
        self._spec, self._planner, self._sampler = spec, planner, sampler
        self._total, self._readings = total, readings or Readings(spec.metric)
        self._rungs = rung_epochs(spec, planner.epochs)
        self.controls = drawn_controls(total, share=spec.controls, seed=seed)

    @property
    def workload(self) -> Workload:
        """Every candidate up to the first rung, controls to the end."""
        last, controls = self._planner.epochs, len(self.controls)
        return Workload(
            trials=self._total,
            epochs=(self._total - controls) * self._rungs[0] + controls * last,
        )

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | Stop | None:
        """Return a promotion, else a new candidate, else nothing until a trial has come further."""
        trained = climbing_only(histories)
        own = self._own(trained)
        for epoch in reversed(self._open(own)):
            promoted = self._promotable(own, epoch)
            if promoted is not None:
                last = promoted.trial.epochs
                return go_on(promoted, until_epoch=after(self._rungs, epoch, last=last))
        if len(trained) < self._total:
            proposal = self._sampler.propose(histories)
            if isinstance(proposal, Candidate):
                return self._first(proposal, len(trained), len(histories) + 1)
            if proposal is Pause.WAIT:
                return None
        return self._one_at_least(own)

    def _own(self, trained: Sequence[TrialHistory]) -> list[TrialHistory]:
        numbered = enumerate(trained, start=1)
        return [history for number, history in numbered if number not in self.controls]

    def _first(self, candidate: Candidate, before: int, number: int) -> Segment:
        control = before + 1 in self.controls
        trial = self._planner.new(candidate, seed=0, number=number)
        return begin(trial, until_epoch=trial.epochs if control else self._rungs[0])

    def _open(self, own: Sequence[TrialHistory]) -> Sequence[int]:
        """Return the rungs from which one may be promoted now."""
        return self._rungs

    def _promotable(self, own: Sequence[TrialHistory], epoch: int) -> TrialHistory | None:
        there = self._at(own, epoch)
        for history in there[: len(there) // self._spec.reduction]:
            if history.status is TrialStatus.PAUSED and len(history.epochs) == epoch:
                return history
        return None

    def _at(self, own: Sequence[TrialHistory], epoch: int) -> list[TrialHistory]:
        """Return the trials that have come to a rung, the best first."""
        there = [history for history in own if len(history.epochs) >= epoch]
        return sorted(there, key=lambda h: (-self._readings.at(h, epoch), h.trial.number))

    def _one_at_least(self, own: Sequence[TrialHistory]) -> Segment | None:
        paused = [history for history in own if history.status is TrialStatus.PAUSED]
        under_way = len(paused) < sum(history.status not in FINAL for history in own)
        done = any(history.status is TrialStatus.FINISHED for history in own)
        if not paused or under_way or done:
            return None
        highest = max(len(history.epochs) for history in paused)
        (chosen, *_) = self._at([h for h in paused if len(h.epochs) == highest], highest)
        return go_on(chosen, until_epoch=chosen.trial.epochs)

    def decisions(self, histories: Sequence[TrialHistory]) -> tuple[RungDecision, ...]:
        """Return what became of the trials at each rung, the lower ones first.

        Its own trials were turned down if they were stopped there. A control would have been if it
        reads worse than the worst of those that went on.
        """
        trained = climbing_only(histories)
        own = self._own(trained)
        controls = [h for n, h in enumerate(trained, start=1) if n in self.controls]
        found = []
        for epoch in self._rungs:
            there = [h for h in (*own, *controls) if len(h.epochs) >= epoch]
            on = {h.trial.id for h in own if h.until_epoch > epoch and len(h.epochs) >= epoch}
            behind = {
                h.trial.id: h.message
                for h in own
                if len(h.epochs) == epoch and h.status is TrialStatus.STOPPED
            }
            if not on and not behind:
                break
            least = min((self._readings.at(h, epoch) for h in own if h.trial.id in on), default=2.0)
            controls = [h for h in controls if len(h.epochs) >= epoch]
            good = {h.trial.id for h in controls if self._readings.at(h, epoch) >= least}
            for history in controls:
                if history.trial.id not in good:
                    behind[history.trial.id] = f"behind those that went on from epoch {epoch}"
            found.append(
                RungDecision(
                    epoch=epoch,
                    reached=tuple(h.trial.id for h in there),
                    promoted=frozenset(on | good),
                    behind=behind,
                )
            )
            controls = [h for h in controls if h.trial.id in good]
        return tuple(found)


class Pasha(Asha):
    """ASHA that begins with two rungs and unlocks the next when their orders disagree.

    (arXiv:2207.06940.) Trials at the top rung are ordered there and at the rung below; a place is
    kept if who holds it read within epsilon of who held it below. Epsilon is the 90th percentile of
    the distances of pairs whose curves cross and cross back: noise, as the paper estimates it.

    It is read off the journal as it stands: the top is the highest rung anyone was sent to, and one
    more if the orders disagree now.
    """

    def _open(self, own: Sequence[TrialHistory]) -> Sequence[int]:
        levels = (*self._rungs, self._planner.epochs)
        goals = [history.until_epoch for history in own if history.until_epoch < levels[-1]]
        sent = max(goals, default=0)  # to a rung: the one that ends the search is no promotion
        top = max(1, *(place for place, epoch in enumerate(levels) if epoch <= sent), 0)
        if top < len(levels) - 1 and not self._stable(own, levels[top], levels[top - 1]):
            top += 1
        return levels[:top]

    def _stable(self, own: Sequence[TrialHistory], top: int, below: int) -> bool:
        there = self._at(own, top)
        if len(there) < 2:
            return True
        before = {h.trial.id: self._readings.at(h, below) for h in there}
        held = sorted(before.values(), reverse=True)
        epsilon = noise(
            [[each.evaluation_accuracy for each in h.epochs[:top]] for h in there], below=below
        )
        return all(
            abs(before[history.trial.id] - place) <= epsilon
            for history, place in zip(there, held, strict=True)
        )


def noise(curves: Sequence[Sequence[float]], *, below: int) -> float:
    """Return PASHA's epsilon of curves with a value an epoch, equally long; 0 if none cross back.

    A pair counts if, going back from its last epoch, its order turns and turns again; its distance
    is that at the last epoch. Only epochs after `below` may be that last one.
    """
    if not curves or len(curves[0]) <= below:
        return 0.0
    values = np.asarray(curves)
    distances = []
    for one, other in combinations(range(len(values)), 2):
        ahead = values[one] > values[other]
        turned = np.flatnonzero(ahead != ahead[-1])
        if len(turned) and (ahead[: turned[-1]] == ahead[-1]).any():
            distances.append(abs(float(values[one, -1] - values[other, -1])))
    return float(np.percentile(distances, _NOISY)) if distances else 0.0
