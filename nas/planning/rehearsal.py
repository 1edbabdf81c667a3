"""A search run through with made-up results: which trials it trains how far, and for how long."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from nas.planning.budget import shared
from nas.search.playing import Measured, play
from nas.search.search import Search
from nas.seeds import derive_seed
from nas.spec.choices import AllocationKind, RungMetric, Sampling
from nas.spec.study import StudySpec
from nas.study.records import (
    EpochMeasured,
    Segment,
    Trial,
    TrialHistory,
)

MOST = 1000  # candidates of a rehearsal; of more, so many stand for all


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """How a search went."""

    histories: tuple[TrialHistory, ...]
    busy: float  # seconds that workers trained, of all of them
    wall: float  # seconds from the first segment to the end of the last
    ended_by: str | None = None  # the limit of the budget that did

    @property
    def epochs(self) -> int:
        """Epochs of all trials."""
        return sum(len(history.epochs) for history in self.histories)


def rehearsable(spec: StudySpec) -> tuple[StudySpec, float]:
    """Return a spec whose search can be rehearsed in seconds, and how many times larger `spec` is.

    A sampler that learns proposes by results, which nobody has: random points stand for them.
    Results are made up, so it is enough to read the last one at a rung.
    """
    search = spec.search
    changes: dict[str, object] = {}
    allocation = search.allocation
    if allocation.by_rungs:
        read: dict[str, object] = {"metric": RungMetric.LAST}
        halving = allocation.kind is AllocationKind.HALVING
        if (
            halving
            and search.sampler not in (Sampling.GRID, Sampling.RANDOM)
            and allocation.cohort is None
        ):
            read["cohort"] = search.lag
        changes["allocation"] = allocation.model_copy(update=read)
    if search.sampler not in (Sampling.GRID, Sampling.RANDOM):
        changes["sampler"] = Sampling.RANDOM
    times = 1.0
    if (
        search.sampler is not Sampling.GRID
        and search.candidates is not None
        and search.candidates > MOST
    ):
        times, changes["candidates"] = search.candidates / MOST, MOST
        changes["budget"] = shared(search.budget, times)
    return spec.model_copy(update={"search": search.model_copy(update=changes)}), times


def rehearse(
    search: Search,
    *,
    epoch_seconds: Callable[[Trial], float],
    segment_seconds: float = 0.0,
    workers: int = 1,
    seed: int = 0,
) -> Rehearsed:
    """Run `search` to its end; a free worker takes what the search asks for next.

    Args:
        search: whatever its results decide, made-up ones decide here.
        epoch_seconds: what an epoch of a trial takes.
        segment_seconds: what it takes to begin a segment.
        workers: segments at once.
        seed: of the results.
    """

    def length(segment: Segment) -> float:
        epochs = segment.until_epoch - segment.acknowledged
        return segment_seconds + epochs * epoch_seconds(segment.trial)

    def measure(segment: Segment, now: float) -> Measured:
        takes, until = epoch_seconds(segment.trial), segment.until_epoch
        found = []
        for epoch in range(segment.acknowledged + 1, until + 1):
            made = made_up(segment, epoch, now=now - (until - epoch) * takes, seed=seed)
            found.append(replace(made, seconds=epoch * takes))
        return Measured(epochs=found)

    played = play(search, length=length, measure=measure, workers=workers)
    return Rehearsed(
        histories=played.state.histories(),
        busy=played.busy,
        wall=played.wall,
        ended_by=search.ended_by,
    )


def made_up(segment: Segment, epoch: int, *, now: float = 0.0, seed: int = 0) -> EpochMeasured:
    """Return an epoch of a curve that rises; how far, the trial's label alone says."""
    trial = segment.trial
    best = 0.5 + 0.4 * random.Random(derive_seed(seed, "rehearsal", trial.label)).random()
    risen = 1 - math.exp(-4 * epoch / trial.epochs)
    loss = 2.5 * (1 - best * risen)
    return EpochMeasured(
        at=now,
        trial_id=trial.id,
        attempt=segment.attempt,
        epoch=epoch,
        step=epoch,
        samples=epoch,
        seconds=0.0,
        learning_rate=1.0,
        train_loss=loss,
        gradient_norm=1.0,
        probe_loss=loss,
        probe_accuracy=best * risen,
        evaluation_loss=loss,
        evaluation_accuracy=best * risen,
    )
