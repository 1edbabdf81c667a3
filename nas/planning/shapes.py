"""What a network's time depends on, known from its description; and which networks to measure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import coatnet
from coatnet.config import BlockType, CoAtNetConfig
from nas.networks.registry import family_of
from nas.study.records import Trial

MOST_SHAPES = 12  # measured of a task; twice each, within the minute that one waits for a plan
FEWER_SHAPES = 6  # where a smaller machine stands in: each may take half a minute


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A network under a recipe, as far as its time goes: trials of equal keys take equally long."""

    key: str
    trial: Trial  # one of those that have it
    kind: str  # what it mostly is: convolution, attention; of another family its label
    predictable: bool  # whether other networks tell its time; of another family none does
    work: tuple[float, float]  # multiply-adds of a training step and bytes it keeps, of one image


def shape_of(trial: Trial) -> Shape:
    """Return the trial's shape."""
    values = {"config": trial.config.to_dict(), "recipe": dict(trial.recipe or {})}
    key = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
    if not family_of(trial.config).searched:
        work = (3.0 * trial.macs, 0.0)
        return Shape(key=key, trial=trial, kind=trial.label, predictable=False, work=work)
    config = cast("CoAtNetConfig", trial.config)  # as its family says
    cost = coatnet.cost(config)
    convolution = sum(stage.block is BlockType.CONVOLUTION for stage in config.stages)
    return Shape(
        key=key,
        trial=trial,
        kind="convolution" if 2 * convolution > len(config.stages) else "attention",
        predictable=True,
        work=(float(cost.training_macs()), float(cost.activation_bytes())),
    )


def shapes_of(trials: Iterable[Trial]) -> tuple[Shape, ...]:
    """Return the different shapes of the trials, in their order."""
    found: dict[str, Shape] = {}
    for trial in trials:
        shape = shape_of(trial)
        found.setdefault(shape.key, shape)
    return tuple(found.values())


def to_measure(shapes: Sequence[Shape], *, most: int = MOST_SHAPES) -> tuple[Shape, ...]:
    """Return those to measure: all where they are few, else some of each kind, small to large.

    Networks of other families are measured each, whatever `most` says.
    """
    others = [shape for shape in shapes if not shape.predictable]
    ours = [shape for shape in shapes if shape.predictable]
    if len(ours) <= most:
        return (*ours, *others)
    kinds = sorted({shape.kind for shape in ours})
    chosen: list[Shape] = []
    for kind in kinds:
        ordered = sorted((s for s in ours if s.kind == kind), key=lambda shape: shape.work)
        chosen += _spread(ordered, most // len(kinds))
    return (*chosen, *others)


def _spread(ordered: Sequence[Shape], count: int) -> list[Shape]:
    """Return `count` of them, evenly from the first to the last."""
    if len(ordered) <= count:
        return list(ordered)
    places = [round(step * (len(ordered) - 1) / (count - 1)) for step in range(count)]
    return [ordered[place] for place in places]
