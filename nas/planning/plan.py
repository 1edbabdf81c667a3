"""The bill itself: a plan, what it rests on, and how it is written as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nas.planning.seconds import EpochSeconds, Estimate
from nas.spec.study import ResourcesSpec
from nas.study.records import Trial

TRAINING, TUNING = "training", "fine_tuning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Where a study would run."""

    workers: int  # trials at once
    neighbours: int  # trials beside one on its machine, which slow it
    lent: ResourcesSpec | None = None  # what a trial has there, where that is less than it asks for


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A network that was measured."""

    task: str  # training or fine_tuning
    label: str
    parameters: int
    macs: int
    epoch_seconds: tuple[float, ...]  # each round's


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The bill of a study. Intervals: docs/plan.md."""

    name: str
    candidates: int
    parameters: tuple[int, int]  # smallest and largest candidate
    macs: tuple[int, int]  # of one image
    seeds: tuple[int, int]  # of a ranked candidate, at first and at most
    trials: Estimate
    epochs: Estimate
    device_hours: Estimate  # hours of a GPU, or of a CPU core where a trial takes none
    wall_hours: Estimate
    memory_bytes: Estimate  # of one trial
    money: Estimate | None  # in the price's currency
    device: str
    device_memory_bytes: int
    workers: int
    measured: tuple[Measured, ...]
    seconds: Mapping[str, EpochSeconds]  # by task, of an epoch
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the largest trial is expected to fit into the device's memory."""
        return self.memory_bytes.estimate <= self.device_memory_bytes

    def to_json(self) -> dict[str, Any]:
        """Return what `nas plan -o json` prints."""
        spans = {
            name: {"low": getattr(self, name)[0], "high": getattr(self, name)[1]}
            for name in ("parameters", "macs", "seeds")
        }
        ends = ("trials", "epochs", "device_hours", "wall_hours", "memory_bytes")
        return {
            "study": self.name,
            "candidates": self.candidates,
            **spans,
            **{name: asdict(getattr(self, name)) for name in ends},
            "money": None if self.money is None else asdict(self.money),
            "device": {
                "name": self.device,
                "memory_bytes": self.device_memory_bytes,
                "fits": self.fits,
                "trials_at_once": self.workers,
            },
            "measured": [asdict(each) for each in self.measured],
            "notes": list(self.notes),
        }


def task_of(trial: Trial) -> str:
    """Return which task of the study the trial trains on."""
    return TRAINING if trial.parent is None else TUNING
