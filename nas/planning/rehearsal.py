"""A search run through with made-up results: which trials it trains how far, and for how long."""

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from nas.search.search import Search
from nas.seeds import derive_seed
from nas.spec.choices import AllocationKind, RungMetric, Sampling
from nas.spec.study import StudySpec
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Stop,
    Trial,
    TrialHistory,
    TrialPlanned,
    TrialStopped,
)
from nas.study.state import StudyState

MOST = 1000  # candidates of a rehearsal; of more, so many stand for all


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """How a search went."""

    histories: tuple[TrialHistory, ...]
    busy: float  # seconds that workers trained, of all of them
    wall: float  # seconds from the first segment to the end of the last

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
    state = StudyState()
    busy: list[tuple[float, int, Segment]] = []
    now = worked = 0.0
    begun = 0
    while True:
        decision = Pause.WAIT if len(busy) == workers else search.decide(state)
        if isinstance(decision, Stop):
            state.apply(TrialStopped(at=now, trial_id=decision.trial_id, reason=decision.reason))
        elif isinstance(decision, Segment):
            epochs = decision.until_epoch - decision.acknowledged
            length = segment_seconds + epochs * epoch_seconds(decision.trial)
            _start(state, decision, now)
            begun, worked = begun + 1, worked + length
            heapq.heappush(busy, (now + length, begun, decision))
        elif busy:
            now, _, segment = heapq.heappop(busy)
            _end(state, segment, now, seed)
        else:
            return Rehearsed(histories=state.histories(), busy=worked, wall=now)


def _start(state: StudyState, segment: Segment, now: float) -> None:
    trial, until = segment.trial, segment.until_epoch
    if trial.id not in state:
        state.apply(TrialPlanned(at=now, trial=trial, until_epoch=until))
    state.apply(
        SegmentStarted(at=now, trial_id=trial.id, attempt=segment.attempt, until_epoch=until)
    )


def _end(state: StudyState, segment: Segment, now: float, seed: int) -> None:
    trial = segment.trial
    for epoch in range(segment.acknowledged + 1, segment.until_epoch + 1):
        state.apply(made_up(segment, epoch, now=now, seed=seed))
    whole = segment.until_epoch >= trial.epochs
    outcome = Outcome.FINISHED if whole else Outcome.REACHED
    state.apply(SegmentEnded(at=now, trial_id=trial.id, attempt=segment.attempt, outcome=outcome))


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
