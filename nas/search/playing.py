"""A search played through in memory: what a driver would fold, without training or writing.

Replays of recorded curves and rehearsals with made-up results differ in what a segment measures and
how long it takes; who works when is the same.
"""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas.search.search import Search
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Stop,
    TrialPlanned,
    TrialStopped,
)
from nas.study.state import StudyState


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a segment brought."""

    epochs: Sequence[EpochMeasured]
    diverged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """How a search went."""

    state: StudyState
    busy: float  # that workers trained, of all of them, in the unit of lengths
    wall: float  # from the first segment to the end of the last


def play(
    search: Search,
    *,
    length: Callable[[Segment], float],
    measure: Callable[[Segment, float], Measured],
    workers: int = 1,
    most: float = math.inf,
) -> Played:
    """Ask the search until it is done; a free worker takes what it asks for next.

    Args:
        search: what decides.
        length: how long a segment keeps a worker busy.
        measure: what it brings, and when it ends.
        workers: segments at once; of those that end together the one that began first does.
        most: length of all segments: the first that does not fit is not begun, nor any after it.
    """
    state = StudyState()
    at_work: list[tuple[float, int, Segment]] = []
    now = busy = 0.0
    begun = 0
    while True:
        decision = Pause.WAIT if len(at_work) == workers else search.decide(state)
        if isinstance(decision, Stop):
            state.apply(TrialStopped(at=now, trial_id=decision.trial_id, reason=decision.reason))
            continue
        if isinstance(decision, Segment):
            takes = length(decision)
            if busy + takes <= most:
                start(state, decision, now)
                busy, begun = busy + takes, begun + 1
                heapq.heappush(at_work, (now + takes, begun, decision))
                continue
            most = busy  # whoever is at work ends, and nothing begins
        if not at_work:
            return Played(state=state, busy=busy, wall=now)
        now, _, segment = heapq.heappop(at_work)
        end(state, segment, measure(segment, now), now)


def start(state: StudyState, segment: Segment, now: float) -> None:
    """Fold that a segment begins, and its trial where it is new."""
    trial, until = segment.trial, segment.until_epoch
    if trial.id not in state:
        state.apply(TrialPlanned(at=now, trial=trial, until_epoch=until))
    state.apply(
        SegmentStarted(at=now, trial_id=trial.id, attempt=segment.attempt, until_epoch=until)
    )


def end(state: StudyState, segment: Segment, measured: Measured, now: float) -> None:
    """Fold what a segment brought, and that it ended."""
    for epoch in measured.epochs:
        state.apply(epoch)
    trial = segment.trial
    outcome = Outcome.FINISHED if segment.until_epoch >= trial.epochs else Outcome.REACHED
    if measured.diverged:
        outcome = Outcome.DIVERGED
    state.apply(SegmentEnded(at=now, trial_id=trial.id, attempt=segment.attempt, outcome=outcome))
