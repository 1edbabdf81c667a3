"""How long the networks of a study take for images, as it was measured: a file beside the journal.

It is no view, since nothing in the journal tells it, and no record of the journal, which is of
training: measurements may be made again, on other machines, long after the study has ended.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.errors import SpecError
from nas.study.storage import write_json

FILE = "latency.json"
FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """What one forward pass of a batch takes, in evaluation mode."""

    milliseconds: float  # median over turns
    low: float  # ends of the median's interval at 95 %, ms
    high: float
    device: str  # "Intel(R) Xeon(R) CPU @ 2.20GHz, 1 thread"
    batch: int  # images

    @property
    def images_per_second(self) -> float:
        """How many images go through, batch after batch."""
        return 1000.0 * self.batch / self.milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """All candidates of a study, measured together on one device."""

    device: str
    batch: int  # images of a forward pass
    precision: str  # of products: float32 or bfloat16
    turns: int  # of each candidate
    at: float  # Unix time
    load: float  # of the machine just before, as the system averages it over a minute
    versions: Mapping[str, str]
    latencies: Mapping[str, Latency]  # by label

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from others; of equal ones the newest is kept."""
        return self.device, self.batch, self.precision

    def words(self) -> str:
        """Return where and how it was measured, as a line."""
        images = f"{self.batch} image{'s'[: self.batch != 1]}"
        day = time.strftime("%Y-%m-%d", time.gmtime(self.at))
        return (
            f"forward passes of {images} on {self.device}, {self.precision}; medians of "
            f"{self.turns} turns, with their intervals at 95 %; {day}"
        )


def recorded(folder: Path) -> tuple[Measurement, ...]:
    """Return the measurements of the study in `folder`, the oldest first.

    Raises:
        SpecError: the file is damaged, or of a newer format.
    """
    path = folder / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise SpecError(f"is of format {values['format']}, not {FORMAT}", file=str(path))
        return tuple(_from_json(each) for each in values["measured"])
    except FileNotFoundError:
        return ()
    except SpecError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError(
            f"has no latencies: remove it, and `nas latency {folder}` measures anew", file=str(path)
        ) from error


def record(folder: Path, measurement: Measurement) -> None:
    """Add a measurement to the study in `folder`, in place of one of the same device and batch.

    Raises:
        SpecError: the file is damaged, or cannot be written.
    """
    others = [each for each in recorded(folder) if each.key != measurement.key]
    values = {"format": FORMAT, "measured": [_to_json(each) for each in (*others, measurement)]}
    try:
        write_json(folder / FILE, values)
    except OSError as error:
        raise SpecError(f"cannot be written: {error.strerror}", file=str(folder / FILE)) from error


def _to_json(measurement: Measurement) -> dict[str, Any]:
    facts = ("device", "batch", "precision", "turns", "at", "load", "versions")
    found: dict[str, Any] = {name: getattr(measurement, name) for name in facts}
    found["milliseconds"] = {
        label: [each.milliseconds, each.low, each.high]
        for label, each in measurement.latencies.items()
    }
    return found


def _from_json(values: dict[str, Any]) -> Measurement:
    device, batch = str(values["device"]), int(values["batch"])
    return Measurement(
        device=device,
        batch=batch,
        precision=str(values["precision"]),
        turns=int(values["turns"]),
        at=float(values["at"]),
        load=float(values["load"]),
        versions=dict(values["versions"]),
        latencies={
            label: Latency(
                milliseconds=float(middle),
                low=float(low),
                high=float(high),
                device=device,
                batch=batch,
            )
            for label, (middle, low, high) in values["milliseconds"].items()
        },
    )
