"""The trials that a spec asks for whatever they bring: every candidate with its first seeds."""

from collections.abc import Sequence

from nas.search.allocation.allocation import Workload, begin
from nas.search.allocation.planned import Planned, planned_of
from nas.search.allocation.planning import Planner
from nas.search.samplers.sampler import Sampler
from nas.space.candidate import Candidate
from nas.spec.study import SearchSpec
from nas.study.records import (
    Pause,
    Segment,
    TrialHistory,
    brief_label,
    copied_label,
    twin_label,
)


class FirstRound:
    """Seeds 0 to `seeds` - 1 of every candidate that the sampler proposes, and of the placebo.

    Seeds come in rounds: every candidate is trained with seed 0 before any is with seed 1, so that
    an early look compares all of them. A sampler that learns from results needs all seeds of a
    candidate at once instead, and now and then has to wait for one to end.
    """

    def __init__(
        self,
        settings: SearchSpec,
        planner: Planner,
        *,
        sampler: Sampler,
        adaptive: bool,
        most: int | None,
        listed: int | None = None,
    ) -> None:
        """Train what `sampler` proposes, up to `most` candidates.

        `adaptive` says that it learns from results, `listed` how many candidates it has at most,
        where that is known.
        """
        self._settings, self._planner = settings, planner
        self._sampler, self._adaptive, self._most = sampler, adaptive, most
        limits = [limit for limit in (listed, most) if limit is not None]
        twins = 1 if settings.placebo is not None else 0
        self._trials = (min(limits, default=0) + twins) * settings.seeds
        self._brief = 0 if settings.schedule_placebo is None else settings.seeds
        self._planned = Planned(seeds=settings.seeds)

    @property
    def workload(self) -> Workload:
        """Every candidate with all its seeds."""
        brief = self._settings.schedule_placebo
        return Workload(
            trials=self._trials + self._brief,
            epochs=self._trials * self._planner.epochs
            + (0 if brief is None else self._brief * brief.epochs),
        )

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | None:
        """Return the next of the trials that are asked for, to be trained in full."""
        self._planned = planned_of(self._planned, histories, seeds=self._settings.seeds)
        planned, number = self._planned, len(histories) + 1
        if self._adaptive and (missing := planned.first_missing(self._twins())):
            return self._replicate(*missing, number)
        if self._most is None or len(planned.firsts) < self._most:
            candidate = self._sampler.propose(histories)
            if isinstance(candidate, Candidate):
                return begin(self._planner.new(candidate, seed=0, number=number))
            if candidate is Pause.WAIT:
                return None  # a trial that it rests on runs, or is the search's to go on with
        missing = planned.lowest_missing(self._twins())
        return self._replicate(*missing, number) if missing else None

    def _twins(self) -> tuple[str, ...]:
        """Return the labels of the placebos whose candidate is planned."""
        original, brief = self._settings.placebo, self._settings.schedule_placebo
        copies = []
        if original is not None and original in self._planned.firsts:
            copies.append(twin_label(original))
        if brief is not None and brief.layout in self._planned.firsts:
            copies.append(brief_label(brief.layout))
        return tuple(copies)

    def _replicate(self, label: str, seed: int, number: int) -> Segment:
        known = self._planned.firsts[copied_label(label)]
        return begin(self._planner.again(known, label, seed=seed, number=number))
