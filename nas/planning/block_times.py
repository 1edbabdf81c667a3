"""Measures the table by which a space limits latency: every part of its networks, once, here.

A part that runs again and again finds its weights and its code in the nearest caches, as it does
not within a network: sums come out too low, by a factor that is much the same for all networks. So
some whole networks are measured in the same turns, the table is scaled to their median, and how far
sums of it then are from others is kept beside it.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

import coatnet
from coatnet.config import CoAtNetConfig, sides
from nas.errors import SpecError
from nas.space.feasible import FeasibleSpace
from nas.space.part_times import Kind, Part, network_time
from nas.space.priced import branches
from nas.space.sizing import network
from nas.study.records import DataShape
from nas.training.device import Device
from nas.training.latency import Subject, device_name, time_modules
from search_spaces.language.block_times import FORMAT
from search_spaces.language.constraints import Quantity
from search_spaces.language.space import SearchSpace

MOST_PARTS = 3_000  # a table that specs can hold
POINTS = 10  # networks that the table is scaled by, and as many others that it is compared with
_VERSIONED = ("torch", "coatnet-nas")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """How sums of block times came out beside whole networks, drawn at random."""

    networks: int
    median_error: float  # of |sum / measured - 1|
    worst_error: float
    scale: float  # that parts were multiplied by, so that sums of others are right in the middle


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredTable:
    """What a spec's `space.latency` names, as JSON, and how good it is."""

    values: dict[str, Any]
    checked: Checked

    def words(self) -> str:
        """Return it as a sentence."""
        found = self.checked
        return (
            f"{len(self.values['times']):,} parts on {self.values['device']}; sums of them are off "
            f"the time of {found.networks} whole networks by {found.median_error:.1%} in the "
            f"median and {found.worst_error:.1%} at worst, once scaled by {found.scale:.2f}"
        )


def measure_block_times(
    space: SearchSpace,
    shape: DataShape,
    device: Device,
    *,
    turns: int = 21,
    say: Callable[[str], None] | None = None,
) -> MeasuredTable:
    """Measure every part that networks of the space have, in float32, an image at a time.

    Args:
        space: without a limit of latency, since there is no table yet.
        shape: of the images.
        device: where.
        turns: of each part, as of the networks that they are compared with.
        say: is told how far it is.

    Raises:
        SpecError: the space has too many parts, or no network.
        NasError: the device is not there, or a part does not fit into its memory.
    """
    parts = parts_of(space, shape)
    configs = [
        network(point, shape) for point in FeasibleSpace(space, shape).sample(2 * POINTS, seed=0)
    ]
    subjects = [*map(_part, parts), *map(_whole, configs)]
    load, at = os.getloadavg()[0], time.time()
    seconds = time_modules(subjects, device, turns=turns, say=say)
    times = [round(1e9 * min(each)) for each in seconds]  # what else runs here only adds
    alone = {part.name: taken for part, taken in zip(parts, times, strict=False)}
    sums = [network_time(config, lambda part: alone[part.name]) for config in configs]
    checked = check(sums, times[len(parts) :])
    table = {name: round(checked.scale * taken) for name, taken in alone.items()}
    values = {
        "format": FORMAT,
        "device": device_name(device),
        "precision": "float32",
        "turns": turns,
        "at": at,
        "load": load,
        "versions": {package: version(package) for package in _VERSIONED},
        "checked": {
            name: getattr(checked, name)
            for name in ("networks", "median_error", "worst_error", "scale")
        },
        "times": [f"{taken} {name}" for name, taken in table.items()],
    }
    return MeasuredTable(values=values, checked=checked)


def parts_of(space: SearchSpace, shape: DataShape) -> list[Part]:
    """Return every part that networks of the space have.

    Raises:
        SpecError: there are too many.
    """
    found: dict[str, Part] = {}

    def noted(part: Part) -> int:
        found[part.name] = part
        return 0

    branches(space, shape, (Quantity.LATENCY,), time=noted)
    if len(found) > MOST_PARTS:
        raise SpecError(
            f"its networks have {len(found):,} different parts, more than the {MOST_PARTS:,} that "
            "are measured: use larger steps, or fewer options",
            key="space",
        )
    return list(found.values())


def check(sums: Sequence[int], measured: Sequence[int]) -> Checked:
    """Scale sums of parts by the first half of the networks, and compare them with the others."""
    ratios = [whole / total for total, whole in zip(sums, measured, strict=True)]
    half = len(ratios) // 2
    scale = median(ratios[:half])
    errors = [abs(scale / ratio - 1) for ratio in ratios[half:]]
    return Checked(
        networks=len(errors), median_error=median(errors), worst_error=max(errors), scale=scale
    )


def _whole(config: CoAtNetConfig) -> Subject:
    return Subject(
        name="a network",
        build=lambda: coatnet.create(config, seed=0),
        input=(config.in_channels, *sides(config.image_size)),
        parameters=coatnet.cost(config).parameters,
    )


def _part(part: Part) -> Subject:
    config = part.config if part.kind is Kind.STEM else part.alone

    def build() -> Any:
        whole = coatnet.create(config, seed=0)  # for its initial weights
        match part.kind:
            case Kind.STEM:
                return whole.stem
            case Kind.BLOCK:
                return whole.stages[0]
        return whole.head

    return Subject(
        name=part.name,
        build=build,
        input=(part.in_width, *part.in_size),
        parameters=coatnet.cost(config).parameters,
    )
