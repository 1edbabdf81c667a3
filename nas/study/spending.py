"""What a study has spent, folded from its journal a record at a time; no record is read twice.

Epochs count when they are given out, once however often a worker is lost, so that a killed search
counts as an undisturbed one. Hours count as they were recorded (docs/search.md, "One budget").
"""

from dataclasses import dataclass
from typing import NamedTuple

from nas.study.records import (
    EpochMeasured,
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyExtended,
    TrialPlanned,
)


class Tick(NamedTuple):
    """How it stood when a segment ended, or when the study was extended."""

    planned: int  # trials, fine-tunings too
    given: int  # epochs, without those of fine-tunings
    followed: int
    measured: int
    segment_seconds: float
    wall_seconds: float
    extended: bool


@dataclass(slots=True)
class _UnderWay:
    at: float  # up to where its time is counted
    measured: bool = False


class Spending:
    """Totals of a study, and how they stood at each end of a segment."""

    def __init__(self) -> None:
        """Nothing was spent."""
        self.planned = 0
        self.trials = 0  # those that are no fine-tunings
        self.given = 0  # epochs that these were to be trained for, begun or not
        self.followed = 0  # of these, given their last epoch: a fine-tuning follows, if any does
        self.measured = 0  # epochs, those of fine-tunings too
        self.segment_seconds = 0.0  # of all segments
        self.wall_seconds = 0.0  # in which at least one segment was under way
        self.ticks: list[Tick] = []
        self._goals: dict[str, tuple[int, int | None]] = {}  # epochs given, and the last to follow
        self._under_way: dict[str, _UnderWay] = {}
        self._seconds: dict[str, float] = {}  # of a trial's newest epoch
        self._clock = 0.0  # newest time known

    def apply(self, record: Record) -> None:
        """Take one record into account, after those before it."""
        match record:
            case TrialPlanned(trial=trial):
                self.planned += 1
                if trial.parent is None:
                    self.trials += 1
                    self._goals[trial.id] = 0, None if trial.brief else trial.epochs
                    self._give(trial.id, record.until_epoch or trial.epochs)
            case SegmentStarted():
                self._advance(record.at)
                self._under_way[record.trial_id] = _UnderWay(record.at)
                self._give(record.trial_id, record.until_epoch)
            case EpochMeasured():
                self._measure(record)
            case SegmentEnded():
                self._end(record)
            case StudyExtended():
                self._tick(extended=True)

    def _give(self, trial_id: str, until_epoch: int) -> None:
        if trial_id not in self._goals:
            return  # a fine-tuning, which counts with its parent
        given, last = self._goals[trial_id]
        if until_epoch > given:
            self.given += until_epoch - given
            self.followed += last == until_epoch
            self._goals[trial_id] = until_epoch, last

    def _measure(self, record: EpochMeasured) -> None:
        """Count an epoch; the first of a segment tells when training began.

        Until then a segment may have waited for a worker: executors take one more than there is
        room for. Both times are of the worker's clock.
        """
        self.measured += 1
        self._advance(record.at)
        before = self._seconds.get(record.trial_id, 0.0)
        self._seconds[record.trial_id] = record.seconds
        segment = self._under_way.get(record.trial_id)
        if segment is None:
            return
        if not segment.measured:
            segment.at = max(segment.at, record.at - max(record.seconds - before, 0.0))
            segment.measured = True
        self._count(segment, record.at)

    def _end(self, record: SegmentEnded) -> None:
        """Count the rest; where it was interrupted nobody knows when its last record was sent."""
        segment = self._under_way.get(record.trial_id)
        if segment is not None and record.outcome is not Outcome.INTERRUPTED:
            self._advance(record.at)
            self._count(segment, record.at)
        self._under_way.pop(record.trial_id, None)
        self._tick(extended=False)

    def _count(self, segment: _UnderWay, at: float) -> None:
        self.segment_seconds += max(at - segment.at, 0.0)
        segment.at = max(segment.at, at)

    def _advance(self, at: float) -> None:
        """Move the clock on; between two drivers, and before the first segment, it jumps."""
        if not self._under_way:
            self._clock = at
        elif at > self._clock:
            self.wall_seconds += at - self._clock
            self._clock = at

    def _tick(self, *, extended: bool) -> None:
        self.ticks.append(
            Tick(
                planned=self.planned,
                given=self.given,
                followed=self.followed,
                measured=self.measured,
                segment_seconds=self.segment_seconds,
                wall_seconds=self.wall_seconds,
                extended=extended,
            )
        )
