"""What MLflow's runs are drawn from: the study's records folded into snapshots for threads.

Times are Unix seconds.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nas.spec.study import StudySpec
from nas.study.faults import TrialsRetried
from nas.study.records import (
    EpochMeasured,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    StudyExtended,
    TrialHistory,
    TrialPlanned,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState

# Not `tracking`, whose URI may carry a password; not `name`, which is the run's name.
_SECTIONS = ("space", "data", "training", "search", "ranking", "resources")


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyFacts:
    """What holds for the whole study, and how its runs are found again (`study_id`)."""

    study_id: str  # uuid, written once into study.json
    name: str
    folder: Path
    experiment: str  # of MLflow
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)  # what was changed since it began


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialSnapshot:
    """A trial as it stood when the snapshot was taken; None where it has not happened."""

    history: TrialHistory
    started: float | None = None  # its first segment
    ended: float | None = None  # its newest segment that ended, or the decision to stop it


@dataclass(frozen=True, kw_only=True, slots=True)
class StudySnapshot:
    """The study as it stood at one instant; safe to hand to another thread."""

    trials: tuple[TrialSnapshot, ...]
    started: float | None
    ended: float | None  # None while there is, or may be, something left to run
    last: float | None  # of the newest record

    @property
    def epochs(self) -> int:
        """Epochs measured in all trials."""
        return sum(len(trial.history.epochs) for trial in self.trials)


class SnapshotBuilder:
    """Folds records, in journal order, into snapshots; unchanged trials keep their identity."""

    def __init__(self, records: Iterable[Record] = (), *, attempts_allowed: int = 1) -> None:
        self._state = StudyState(attempts_allowed=attempts_allowed)
        self._trials: dict[str, TrialSnapshot] = {}
        self._touched: set[str] = set()
        self._started: dict[str, float] = {}
        self._newest: dict[str, float] = {}  # record of the trial
        self._ended: dict[str, float] = {}
        self._study_ended: float | None = None
        self._first: float | None = None
        self._last: float | None = None
        for record in records:
            self.apply(record)

    def apply(self, record: Record) -> None:
        """Take one record into account.

        Raises:
            ValueError: the record contradicts what came before it.
        """
        self._state.apply(record)
        self._first = record.at if self._first is None else self._first
        self._last = record.at
        match record:
            case TrialPlanned():
                self._study_ended = None
                self._touch(record.trial.id, record.at)
            case SegmentStarted():
                self._started.setdefault(record.trial_id, record.at)
                self._touch(record.trial_id, record.at)
            case EpochMeasured():
                self._touch(record.trial_id, record.at)
            case SegmentEnded() | TrialStopped():
                self._ended[record.trial_id] = record.at
                self._touch(record.trial_id, record.at)
            case StudyEnded():
                self._study_ended = record.at
            case StudyExtended():
                self._study_ended = None
            case TrialsRetried():
                self._study_ended = None
                for history in self._state.present.having(TrialStatus.PLANNED):
                    self._touch(history.trial.id, record.at)

    def release_running(self) -> None:
        """Treat running trials as interrupted: their driver is gone."""
        before = {history.trial.id: history.status for history in self._state.histories()}
        self._state.release_running()
        for trial_id, status in before.items():
            history = self._state.history(trial_id)
            if history.status is not status:
                self._ended[trial_id] = self._newest[trial_id]
                self._touched.add(trial_id)

    def _touch(self, trial_id: str, at: float) -> None:
        self._newest[trial_id] = at
        self._touched.add(trial_id)

    def snapshot(self) -> StudySnapshot:
        """Return the present; costs time only for trials that changed since the last one."""
        for trial_id in sorted(self._touched):
            self._trials[trial_id] = TrialSnapshot(
                history=self._state.history(trial_id),
                started=self._started.get(trial_id),
                ended=self._ended.get(trial_id),
            )
        self._touched.clear()
        return StudySnapshot(
            trials=tuple(self._trials.values()),
            started=self._first,
            ended=self._study_ended,
            last=self._last,
        )


def flat_params(spec: StudySpec) -> dict[str, str]:
    """Return the spec's options as ``section.key`` -> text as YAML would have it."""
    values = spec.model_dump(mode="json")
    flat: dict[str, str] = {}
    for section in _SECTIONS:
        _flatten(values[section], section, flat)
    return flat


def _flatten(value: object, path: str, into: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(inner, f"{path}.{key}", into)
    else:
        into[path] = value if isinstance(value, str) else json.dumps(value)
