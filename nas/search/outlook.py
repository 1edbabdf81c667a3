"""What the candidates of an exploration may still take: a budget pays it before one begins.

A candidate that begins and cannot be trained as far as it deserves was trained in vain. So each
kind of allocation says what all that may follow from its candidates comes to.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.search.allocation.allocation import Workload
from nas.search.allocation.ladder import drawn_controls, rung_epochs, stratum
from nas.search.allocation.planning import Planner
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind, Strata
from nas.spec.study import SearchSpec
from nas.study.records import Trial, TrialHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What trainings take together with the fine-tunings that follow them."""

    epochs: int  # of a whole training
    tuning: int = 0  # of the fine-tuning that follows each whole training; 0: none does

    def whole(self, count: int = 1) -> Workload:
        """Return what so many whole trainings take."""
        return self.of(trials=count, epochs=count * self.epochs, whole=count)

    def of(self, *, trials: int, epochs: int, whole: int) -> Workload:
        """Return what trials with so many epochs take, if so many of them come to their end."""
        followed = whole if self.tuning else 0
        return Workload(trials=trials + followed, epochs=epochs + followed * self.tuning)


def plus(*parts: Workload) -> Workload:
    """Return the sum."""
    return Workload(
        trials=sum(part.trials for part in parts), epochs=sum(part.epochs for part in parts)
    )


class Outlook(Protocol):
    """Adds up what the candidates come to that have begun; each is told of once, in order."""

    def name(self, candidate: Candidate | Trial) -> str:
        """Return the name of those among whom a candidate would be compared."""
        ...

    def add(self, trial: Trial, histories: Sequence[TrialHistory]) -> None:
        """Take in the first trial of a candidate; `histories` are all trials up to now."""
        ...

    def least(self, count: int) -> Workload:
        """Return what the first so many candidates take if they are alike."""
        ...

    def exploring(self, spent: Workload, *, other: Workload, more: str | None) -> Workload:
        """Return what the study takes when all has followed that may, but what confirms.

        Args:
            spent: what its trials were given so far.
            other: the part of it that does not explore: added seeds, earlier confirmations.
            more: the name of one more candidate; None: there is none.
        """
        ...


class WholeTrainings:
    """Every candidate is trained to its end with all its seeds, and a placebo as often."""

    def __init__(self, settings: SearchSpec, planner: Planner, cost: Cost) -> None:
        """Add up what `settings` ask for."""
        self._each, self._count = cost.whole(settings.seeds), 0
        self._twins = cost.whole(settings.seeds if settings.placebo is not None else 0)
        if settings.schedule_placebo is not None and planner.brief_epochs is not None:
            epochs = settings.seeds * planner.brief_epochs
            self._twins = plus(self._twins, Workload(trials=settings.seeds, epochs=epochs))

    def name(self, candidate: Candidate | Trial) -> str:
        """All are alike."""
        return ""

    def add(self, trial: Trial, histories: Sequence[TrialHistory]) -> None:
        """Count it."""
        self._count += 1

    def least(self, count: int) -> Workload:
        """Return all their seeds, and the placebo's."""
        each = self._each
        return plus(Workload(trials=count * each.trials, epochs=count * each.epochs), self._twins)

    def exploring(self, spent: Workload, *, other: Workload, more: str | None) -> Workload:
        """Return all seeds of all candidates, and what does not explore."""
        return plus(self.least(self._count + (more is not None)), other)


class Climbing:
    """Cohorts: at each rung the best of each stratum go on, and controls go to the end.

    What earlier cohorts took is known. Of the newest it is the most that strata can ask for.
    """

    def __init__(
        self, spec: AllocationSpec, cost: Cost, *, size: int, controls: frozenset[int]
    ) -> None:
        """Add up cohorts of `size` candidates, of which those numbered in `controls` are such."""
        self._spec, self._cost = spec, cost
        self._size, self._controls = max(size, 1), controls
        self._rungs = (*rung_epochs(spec, cost.epochs), cost.epochs)
        self._begun = 0
        self._before = Workload()  # earlier cohorts
        self._strata: Counter[str] = Counter()  # of the newest cohort
        self._places: list[int] = []  # of its trials among all
        self._own_controls = 0

    def name(self, candidate: Candidate | Trial) -> str:
        """Return its stratum; i-epoch has none."""
        single = self._spec.kind is AllocationKind.I_EPOCH
        return stratum(candidate, Strata.NONE if single else self._spec.strata)

    def add(self, trial: Trial, histories: Sequence[TrialHistory]) -> None:
        """Count it; the first of a cohort closes the one before, of which all is final."""
        if self._full:
            cohort = [histories[place] for place in self._places]
            self._before = plus(self._before, *(self._took(history) for history in cohort))
            self._strata, self._places, self._own_controls = Counter(), [], 0
        self._begun += 1
        self._strata[self.name(trial)] += 1
        self._places.append(trial.number - 1)
        self._own_controls += self._begun in self._controls

    @property
    def _full(self) -> bool:
        return self._begun > 0 and self._begun % self._size == 0

    def _took(self, history: TrialHistory) -> Workload:
        until = history.until_epoch or history.trial.epochs
        return self._cost.of(trials=1, epochs=until, whole=until == history.trial.epochs)

    def least(self, count: int) -> Workload:
        """Return what a cohort of one stratum takes."""
        numbers = range(1, count + 1)
        return self._cohort(Counter({"": count}), len(self._controls.intersection(numbers)))

    def exploring(self, spent: Workload, *, other: Workload, more: str | None) -> Workload:
        """Return what earlier cohorts took, the newest may, and what does not explore."""
        strata, controls = Counter(self._strata), self._own_controls
        if more is None:
            return plus(self._before, self._cohort(strata, controls), other)
        control = self._begun + 1 in self._controls
        if self._full:
            one = self._cohort(Counter([more]), control)
            return plus(self._before, self._cohort(strata, controls), one, other)
        strata[more] += 1
        return plus(self._before, self._cohort(strata, controls + control), other)

    def _cohort(self, strata: Counter[str], controls: int) -> Workload:
        counts, epochs, below = list(strata.values()), 0, 0
        for place, rung in enumerate(self._rungs):
            if place:
                counts = [self._kept(count) for count in counts]
            epochs += sum(counts) * (rung - below)
            below = rung
        epochs += controls * (self._cost.epochs - self._rungs[0])
        return self._cost.of(
            trials=strata.total(), epochs=epochs, whole=min(sum(counts) + controls, strata.total())
        )

    def _kept(self, count: int) -> int:
        """Return how many of a stratum go on at most (`nas.search.allocation.cohorts`)."""
        if self._spec.kind is AllocationKind.I_EPOCH:
            return min(count, self._spec.kept)
        return min(count, max(self._spec.kept, -(-count // self._spec.reduction)))


class Asynchronous:
    """ASHA and PASHA: whoever is free is answered at once, so that only one answer is kept for.

    A candidate takes its first rung, and one training to the end is left for the best.
    """

    def __init__(self, spec: AllocationSpec, cost: Cost, *, controls: frozenset[int]) -> None:
        """Add up candidates of which those numbered in `controls` are trained to the end."""
        self._cost, self._controls = cost, controls
        self._first = rung_epochs(spec, cost.epochs)[0]
        self._begun = 0

    def name(self, candidate: Candidate | Trial) -> str:
        """All are alike."""
        return ""

    def add(self, trial: Trial, histories: Sequence[TrialHistory]) -> None:
        """Count it."""
        self._begun += 1

    def least(self, count: int) -> Workload:
        """Return their first rungs, and one training to the end."""
        return plus(
            Workload(trials=count, epochs=count * self._first),
            self._cost.of(trials=0, epochs=self._cost.epochs - self._first, whole=1),
        )

    def exploring(self, spent: Workload, *, other: Workload, more: str | None) -> Workload:
        """Return what was given, one more first rung, and a training to the end."""
        last = self._cost.of(trials=0, epochs=self._cost.epochs - self._first, whole=1)
        if more is None:
            return plus(spent, last)
        if self._begun + 1 in self._controls:
            return plus(spent, self._cost.whole(), last)
        return plus(spent, Workload(trials=1, epochs=self._first), last)


def make_outlook(
    settings: SearchSpec, planner: Planner, cost: Cost, *, total: int, adaptive: bool
) -> Outlook:
    """Return the outlook of the allocation that `settings` ask for.

    Args:
        settings: the search.
        planner: how long its trials are.
        cost: of a training.
        total: candidates at most; without rungs it is not asked.
        adaptive: whether the sampler learns from results.
    """
    spec = settings.allocation
    if not spec.by_rungs:
        return WholeTrainings(settings, planner, cost)
    controls = drawn_controls(total, share=spec.controls, seed=settings.seed)
    if spec.kind in (AllocationKind.ASHA, AllocationKind.PASHA):
        return Asynchronous(spec, cost, controls=controls)
    size = spec.cohort or (settings.lag if adaptive else total)
    return Climbing(spec, cost, size=size, controls=controls)
