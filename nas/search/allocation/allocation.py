"""What an allocation is: it looks at the trials so far and says which segment may run next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.study.records import Segment, Stop, Trial, TrialHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What an allocation is sure to ask for, known before anything runs."""

    trials: int = 0
    epochs: int = 0  # of all of them


class Allocation(Protocol):
    """Gives out training. Passive, and deterministic in (spec, journal): resume needs no memory.

    A search asks its allocations in turn and takes the first answer. Whatever was begun and lost
    its worker is continued by the search itself, up to the same epoch; an allocation sees to new
    trials, and to paused ones: it gives them another segment or stops them for good.
    """

    @property
    def workload(self) -> Workload:
        """What it asks for whatever the results."""
        ...

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | Stop | None:
        """Return what to do next, given all trials planned so far, in order; None: nothing now."""
        ...


def begin(trial: Trial, *, until_epoch: int | None = None) -> Segment:
    """Return the first segment of a new trial, by default its whole training."""
    return Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=until_epoch or trial.epochs)


def go_on(history: TrialHistory, *, until_epoch: int) -> Segment:
    """Return the segment that takes a trial from where the journal stands to `until_epoch`."""
    return Segment(
        trial=history.trial,
        attempt=history.attempts + 1,
        acknowledged=len(history.epochs),
        until_epoch=until_epoch,
    )
