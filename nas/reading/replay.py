"""A search run over recorded curves: what another allocation would have trained, in milliseconds.

The loop asks the same `Search` as a driver does and folds the same records, in memory: an epoch
costs nothing, and nothing is written.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nas.networks.family import Size
from nas.search.allocation.choose import by_rungs
from nas.search.allocation.first_round import FirstRound
from nas.search.allocation.planning import Planner
from nas.search.allocation.readings import Readings
from nas.search.playing import Measured, play
from nas.search.samplers.sampler import GridSampler
from nas.search.search import Search
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.study import SearchSpec
from nas.study.records import (
    Segment,
    Trial,
    TrialHistory,
    TrialStatus,
)
from nas.study.state import StudyState


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Every candidate's recorded trials by label and seed, each trained in full or diverged."""

    trials: Mapping[str, Mapping[int, TrialHistory]]
    seeds: tuple[int, ...]  # that every candidate has
    epochs: int  # of a whole training


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """How one replay went."""

    seed: int  # the recorded one that it saw
    candidates: frozenset[str]  # labels of those it might choose from
    epochs: int  # trained
    finished: frozenset[str]  # labels
    stopped: frozenset[str]
    furthest: tuple[str, ...]  # of those not finished, nor stopped, the farthest on first


@dataclass(frozen=True, kw_only=True)
class RecordedPlanner(Planner):
    """Plans a candidate's recorded trial under its recorded id: epochs need no rewriting."""

    by_label: Mapping[str, Trial]

    def new(self, candidate: Candidate, *, seed: int, number: int, twin: bool = False) -> Trial:
        """Return the recorded trial, as one of the replay."""
        return replace(self.by_label[candidate.label], number=number, seed=seed, epochs=self.epochs)


class Replayer:
    """Replays searches over one recording; readings at rungs are shared by all replays."""

    def __init__(
        self, recording: Recording, allocation: AllocationSpec, *, shuffled: bool = True
    ) -> None:
        """Replay `allocation`; candidates come in a random order, or in that of the recording."""
        self._recording, self._allocation, self._shuffled = recording, allocation, shuffled
        self._readings = Readings(allocation.metric)
        self._candidates = [_candidate(runs) for runs in recording.trials.values()]

    def replay(
        self,
        number: int,
        *,
        budget: float | None = None,
        candidates: int | None = None,
        workers: int = 1,
    ) -> Replayed:
        """Return the `number`-th replay; equal numbers are the same order, seed and controls.

        Args:
            number: from 0.
            budget: share of the epochs of all candidates in full: the replay ends at the first
                segment that does not fit.
            candidates: so many are drawn, and the others are not there; None: all.
            workers: segments at once; an epoch takes each equally long.
        """
        order = list(self._candidates)
        draw = random.Random(derive_seed(number, "replay"))
        seed = draw.choice(self._recording.seeds)
        draw.shuffle(order)
        order = order[:candidates]
        if not self._shuffled:
            drawn = {candidate.label for candidate in order}
            order = [candidate for candidate in self._candidates if candidate.label in drawn]
        curves = {each.label: self._recording.trials[each.label][seed] for each in order}
        search = self._search(order, curves, number)
        most = None if budget is None else round(budget * len(order) * self._recording.epochs)
        state = run(search, curves, budget=most, workers=workers)
        histories = state.histories()

        def labels(status: TrialStatus) -> frozenset[str]:
            return frozenset(h.trial.label for h in histories if h.status is status)

        going = [h for h in histories if h.status in (TrialStatus.PAUSED, TrialStatus.RUNNING)]
        going.sort(key=lambda h: (len(h.epochs), _newest(h)), reverse=True)
        return Replayed(
            seed=seed,
            candidates=frozenset(curves),
            epochs=sum(len(history.epochs) for history in histories),
            finished=labels(TrialStatus.FINISHED),
            stopped=labels(TrialStatus.STOPPED),
            furthest=tuple(history.trial.label for history in going),
        )

    def _search(
        self, order: Sequence[Candidate], curves: Mapping[str, TrialHistory], number: int
    ) -> Search:
        settings = SearchSpec(
            seeds=1, allocation=self._allocation, seed=derive_seed(number, "controls")
        )
        planner = RecordedPlanner(
            epochs=self._recording.epochs,
            by_label={label: history.trial for label, history in curves.items()},
        )
        sampler, count = GridSampler(order), len(order)
        if self._allocation.by_rungs:
            rungs = by_rungs(
                settings, planner, sampler=sampler, total=count, readings=self._readings
            )
            return Search([rungs], rungs=rungs)
        return Search(
            [
                FirstRound(
                    settings, planner, sampler=sampler, adaptive=False, most=None, listed=count
                )
            ]
        )


def run(
    search: Search,
    curves: Mapping[str, TrialHistory],
    *,
    budget: int | None = None,
    workers: int = 1,
) -> StudyState:
    """Run a search on recorded curves, by label, to its end or that of a budget of epochs.

    A worker is busy for as long as its segment has epochs.
    """

    def measure(segment: Segment, _: float) -> Measured:
        return recalled(segment, curves[segment.trial.label])

    played = play(
        search,
        length=lambda segment: len(measure(segment, 0.0).epochs),
        measure=measure,
        workers=workers,
        most=math.inf if budget is None else budget,
    )
    return played.state


def recalled(segment: Segment, curve: TrialHistory) -> Measured:
    """Return what a segment brings of a recorded trial, which may have diverged before its end."""
    epochs = curve.epochs[segment.acknowledged : segment.until_epoch]
    return Measured(epochs=epochs, diverged=len(curve.epochs) < segment.until_epoch)


def _candidate(runs: Mapping[int, TrialHistory]) -> Candidate:
    trial = next(iter(runs.values())).trial
    return Candidate(
        label=trial.label,
        layout=trial.layout,
        config=trial.config,
        cost=Size(parameters=trial.parameters, macs=trial.macs),
        point=trial.point,
    )


def _newest(history: TrialHistory) -> float:
    return history.epochs[-1].evaluation_accuracy if history.epochs else 0.0
