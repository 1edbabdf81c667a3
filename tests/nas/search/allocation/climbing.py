"""Searches by rungs over made-up curves, each trial's accuracies given by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nas.driver.conductor import StudyConductor
from nas.execution.executor import Report
from nas.execution.inline import InlineExecutor
from nas.networks.family import Size
from nas.reading.replay import RecordedPlanner, run
from nas.search.allocation.choose import by_rungs
from nas.search.allocation.ladder import RungAllocation
from nas.search.samplers.sampler import GridSampler
from nas.search.search import Search
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.study import ResourcesSpec, SearchSpec
from nas.study.journal import Journal
from nas.study.records import Outcome, Segment, SegmentEnded, TrialHistory, TrialStatus
from nas.study.state import StudyState
from tests.nas.synthetic import measured, trial_of


def history(
    label: str, accuracies: Sequence[float], *, number: int = 1, epochs: int | None = None
) -> TrialHistory:
    """A recorded trial that measured these; of `epochs`, it diverged before its end."""
    trial = trial_of(label, seed=0, number=number, epochs=epochs or len(accuracies))
    losses = [1.0 - 0.5 * each for each in accuracies]
    whole = epochs is None or epochs == len(accuracies)
    return TrialHistory(
        trial=trial,
        status=TrialStatus.FINISHED if whole else TrialStatus.DIVERGED,
        epochs=measured(trial, losses=losses, accuracies=accuracies),
        attempts=1,
    )


def curves(**accuracies: Sequence[float]) -> dict[str, TrialHistory]:
    """Recorded trials by label; `C_T__2` is written for C-T#2."""
    return {
        (label := name.replace("__", "#").replace("_", "-")): history(label, values, number=n)
        for n, (name, values) in enumerate(accuracies.items(), start=1)
    }


def by_label(histories: Sequence[TrialHistory]) -> dict[str, TrialHistory]:
    return {each.trial.label: each for each in histories}


def a_search(
    recorded: Mapping[str, TrialHistory],
    *,
    seed: int = 0,
    sampler: Callable[[Sequence[Candidate]], Any] = GridSampler,
    objectives: Sequence[str] = (),
    **allocation: Any,
) -> tuple[Search, RungAllocation]:
    """The search over these candidates, in their order."""
    candidates = [
        Candidate(
            label=label,
            layout=each.trial.layout,
            config=each.trial.config,
            cost=Size(parameters=1, macs=1),
        )
        for label, each in recorded.items()
    ]
    spec = AllocationSpec.model_validate({"controls": 0.0, **allocation})
    rungs = by_rungs(
        SearchSpec(seeds=1, seed=seed, allocation=spec, objectives=tuple(objectives)),
        RecordedPlanner(
            epochs=max(each.trial.epochs for each in recorded.values()),
            by_label={label: each.trial for label, each in recorded.items()},
        ),
        sampler=sampler(candidates),
        total=len(candidates),
    )
    return Search([rungs], rungs=rungs), rungs


def climbed(
    recorded: Mapping[str, TrialHistory], *, workers: int = 1, seed: int = 0, **asked: Any
) -> StudyState:
    """How the search over these ends."""
    search, _ = a_search(recorded, seed=seed, **asked)
    return run(search, recorded, workers=workers)


def ends(state: StudyState) -> dict[str, tuple[str, int]]:
    """Status and epochs of every trial, by label."""
    return {h.trial.label: (h.status.value, len(h.epochs)) for h in state.histories()}


@dataclass(frozen=True)
class Recall:
    """A job that recalls recorded epochs."""

    curves: Mapping[str, TrialHistory]

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        recorded = self.curves[segment.trial.label].epochs
        for epoch in recorded[segment.acknowledged : segment.until_epoch]:
            report(replace(epoch, attempt=segment.attempt))
        whole = segment.until_epoch == segment.trial.epochs
        return SegmentEnded(
            at=0.0, trial_id=segment.trial.id, attempt=segment.attempt,
            outcome=Outcome.FINISHED if whole else Outcome.REACHED,
        )  # fmt: skip


class KilledError(Exception):
    """The driver is gone."""


def driven(
    search: Search, recorded: Mapping[str, TrialHistory], folder: Path, *, after: int
) -> bool:
    """Drive a study on from its journal, tell if it ended; it is killed after so many records."""
    with Journal(folder) as journal:
        state = StudyState(journal.records, attempts_allowed=99)
        written = 0

        def kill(record, _) -> None:
            nonlocal written
            written += 1
            if written == after:
                raise KilledError

        conductor = StudyConductor(journal, state, search, observers=[kill])
        try:
            conductor.release_lost()
            InlineExecutor().run(
                Recall(recorded), conductor, resources=ResourcesSpec(), scratch=folder
            )
        except KilledError:
            return False
    return True
