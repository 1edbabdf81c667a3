"""Rungs that are decided for a whole cohort at once, so that no timing has a say.

A cohort is compared when all of it has reached a rung, diverged or failed, by epochs up to the rung
alone: a killed search, a faster machine and more workers decide the same.
"""

import math
from collections.abc import Sequence
from itertools import groupby

from nas.search.allocation.agreement import ENOUGH, rung_agreement
from nas.search.allocation.allocation import Workload, begin, go_on
from nas.search.allocation.climbers import Climbers
from nas.search.allocation.fronts import ranked
from nas.search.allocation.ladder import (
    RungDecision,
    after,
    drawn_controls,
    rung_epochs,
    stratum,
)
from nas.search.allocation.planning import Planner, climbing_only
from nas.search.allocation.readings import Readings
from nas.search.samplers.sampler import Sampler
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind, Strata
from nas.study.records import FINAL, Pause, Segment, Stop, TrialHistory


class Cohorts:
    """Successive halving (arXiv:1502.07943) within strata, or i-epoch's single cut.

    Candidates have one seed each, so that the n-th trial is candidate n. Its controls are trained
    to the end in one go and compared at each rung like the others; a rung that turns one down was
    checked by what it comes to. Where `readings` have goals beside the reading, those go on that
    are on the first fronts of all (`nas.search.allocation.fronts`).
    """

    def __init__(
        self,
        spec: AllocationSpec,
        planner: Planner,
        *,
        sampler: Sampler,
        total: int,
        size: int,
        seed: int,
        readings: Readings | None = None,
    ) -> None:
        """Train what `sampler` proposes, up to `total` candidates, in cohorts of `size`."""
        self._spec, self._planner, self._sampler = spec, planner, sampler
        self._readings = readings or Readings(spec.metric)
        self._rungs = rung_epochs(spec, planner.epochs)
        self._starts = range(0, total, max(size, 1))
        self._total, self._size = total, size
        self.controls = drawn_controls(total, share=spec.controls, seed=seed)
        # What follows from a journal is kept: it is asked for again at each question.
        self._decided: dict[tuple[int, int], RungDecision] = {}
        self._over = 0  # cohorts of which all trials are final
        self._climbers = Climbers()

    def _planned(self, start: int) -> int:
        return min(self._size, self._total - start)

    @property
    def workload(self) -> Workload:
        """Every candidate up to the first rung, and as many further as one stratum would be."""
        return Workload(
            trials=self._total, epochs=sum(self._epochs(self._planned(s)) for s in self._starts)
        )

    def _epochs(self, size: int) -> int:
        epochs, climbing, below = 0, size, 0
        for rung in self._rungs:
            epochs += climbing * (rung - below)
            climbing, below = self._kept(climbing), rung
        return epochs + climbing * (self._planner.epochs - below)

    def _kept(self, count: int) -> int:
        """Return how many of so many go on: one in `reduction`, rounded up, or those to keep."""
        if self._spec.kind is AllocationKind.I_EPOCH:
            return min(count, self._spec.kept)
        return min(count, max(self._spec.kept, math.ceil(count / self._spec.reduction)))

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | Stop | None:
        """Return what the first cohort asks for that is not over."""
        trained = self._climbers.update(histories)
        for start in self._starts[self._over :]:
            if len(trained) < start + self._planned(start):
                proposal = self._sampler.propose(histories)
                if isinstance(proposal, Candidate):
                    return self._first(proposal, len(trained), len(histories) + 1)
                if proposal is Pause.WAIT or len(trained) <= start:
                    return None
            answer = self._climb(start, trained)
            if answer is not None:
                return answer
            if self._climbers.any_open(start, start + self._size):
                return None
            self._over += 1
        return None

    def _first(self, candidate: Candidate, before: int, number: int) -> Segment:
        control = before + 1 in self.controls
        trial = self._planner.new(candidate, seed=0, number=number)
        return begin(trial, until_epoch=trial.epochs if control else self._rungs[0])

    def _climb(self, start: int, trained: Sequence[TrialHistory]) -> Segment | Stop | None:
        """Return what the rungs decided so far ask for: a trial that goes on, or one that ends."""
        below: RungDecision | None = None
        for place, epoch in enumerate(self._rungs):
            decision = self._decided.get((start, place))
            if decision is None:
                cohort = trained[start : start + self._size]
                climbing = [h for h in cohort if below is None or h.trial.id in below.promoted]
                decision = self._decision(start, place, climbing, trained)
            if decision is None:
                return None
            for history in self._climbers.paused(epoch, start, start + self._size):
                trial = history.trial
                if below is not None and trial.id not in below.promoted:
                    continue
                if trial.id in decision.promoted:
                    return go_on(history, until_epoch=after(self._rungs, epoch, last=trial.epochs))
                return Stop(trial_id=trial.id, reason=decision.behind[trial.id])
            below = decision
        return None

    def _decision(
        self,
        start: int,
        place: int,
        climbing: Sequence[TrialHistory],
        trained: Sequence[TrialHistory],
    ) -> RungDecision | None:
        known = self._decided.get((start, place))
        if known is not None:
            return known
        epoch = self._rungs[place]
        if any(len(h.epochs) < epoch and h.status not in FINAL for h in climbing):
            return None
        pooled = self._pooled(start, epoch, trained)
        if pooled is None:
            return None
        found = self._compare([h for h in climbing if len(h.epochs) >= epoch], epoch, pooled)
        self._decided[start, place] = found
        return found

    def _pooled(self, start: int, epoch: int, trained: Sequence[TrialHistory]) -> bool | None:
        """Tell whether all are compared together; None: not known before the controls have ended.

        Known are the trials of earlier cohorts, which are all final, and this cohort's controls,
        which are waited for where they are enough to tell: a set that no timing changes.
        """
        if self._spec.kind is AllocationKind.I_EPOCH or self._spec.strata is Strata.NONE:
            return True
        cohort = trained[start : start + self._size]
        own = [h for n, h in enumerate(cohort, start=start + 1) if n in self.controls]
        if len(own) >= ENOUGH and any(history.status not in FINAL for history in own):
            return None
        both = [*trained[:start], *(own if len(own) >= ENOUGH else ())]
        found = rung_agreement(both, epoch, self._readings)
        return found is not None and found.trials >= ENOUGH and found.tau >= self._spec.agree

    def _compare(self, reached: Sequence[TrialHistory], epoch: int, pooled: bool) -> RungDecision:
        strata = Strata.NONE if pooled else self._spec.strata

        def name(history: TrialHistory) -> str:
            return stratum(history.trial, strata)

        promoted: set[str] = set()
        behind: dict[str, str] = {}
        for among, group in groupby(sorted(reached, key=name), key=name):
            ordered = self._ordered(list(group), epoch)
            kept = self._kept(len(ordered))
            promoted.update(history.trial.id for history, _ in ordered[:kept])
            where = f" with {among}" if among else ""
            for rank, (history, front) in enumerate(ordered[kept:], start=kept + 1):
                behind[history.trial.id] = (
                    f"number {rank} of {len(ordered)}{where} at epoch {epoch}{front}; "
                    f"{kept} went on"
                )
        return RungDecision(
            epoch=epoch,
            reached=tuple(history.trial.id for history in reached),
            promoted=frozenset(promoted),
            behind=behind,
            pooled=pooled,
        )

    def _ordered(self, group: Sequence[TrialHistory], epoch: int) -> list[tuple[TrialHistory, str]]:
        """Return the trials, those to go on first, each with words on the front that it is on."""
        by_reading = sorted(group, key=lambda h: (-self._readings.at(h, epoch), h.trial.number))
        if not self._readings.goals:
            return [(history, "") for history in by_reading]
        found = ranked(self._readings.worths(by_reading, epoch))
        return [(by_reading[i], f", on front {front + 1}") for i, front in found]

    def decisions(self, histories: Sequence[TrialHistory]) -> tuple[RungDecision, ...]:
        """Return what was decided so far, cohort by cohort, the lower rungs first."""
        trained = climbing_only(histories)
        found: list[RungDecision] = []
        for start in self._starts:
            climbing = list(trained[start : start + self._size])
            if len(climbing) < self._planned(start) and self._more(histories):
                break
            for place in range(len(self._rungs)):
                decision = self._decision(start, place, climbing, trained)
                if decision is None:
                    break
                found.append(decision)
                climbing = [h for h in climbing if h.trial.id in decision.promoted]
        return tuple(found)

    def _more(self, histories: Sequence[TrialHistory]) -> bool:
        proposal = self._sampler.propose(histories)
        return isinstance(proposal, Candidate) or proposal is Pause.WAIT
