"""From `baselines:` of a spec to candidates, checked and priced before anything is created."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nas.errors import SpecError
from nas.networks.registry import family_of
from nas.space.candidate import Candidate, study_space
from nas.spec.study import BaselineSpec, StudySpec
from nas.study.records import BaselineConfig, DataShape


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """The networks of other families that a study trains, and what to know of them beforehand."""

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()


def enter_baselines(spec: StudySpec, shape: DataShape) -> Entered:
    """Return the study's baselines as candidates for images of this shape.

    Each is built once, without weights, which takes seconds; without baselines nothing is imported.

    Raises:
        SpecError: no such network or library, options or images that it refuses, or a label that
            another network has; `key` leads to it.
    """
    labels = _labels(spec.baselines, [layout.name for layout in study_space(spec).layouts])
    found: list[Candidate] = []
    notes: list[str] = []
    for number, (entry, label) in enumerate(zip(spec.baselines, labels, strict=True)):
        config = BaselineConfig(
            network=entry.network,
            options=json.dumps(entry.options, sort_keys=True),
            image_size=shape.image_size,
            in_channels=shape.channels,
            classes=shape.classes,
            drop_path=spec.training.drop_path,
        )
        try:
            family = family_of(config)
            size, drops_paths = family.cost(config), family.drops_paths(config)
        except SpecError as error:
            raise SpecError(error.message, key=f"baselines.{number}.{error.key}") from error
        if config.drop_path and not drops_paths:
            notes.append(f"{label} has no drop path and is trained without")
        found.append(Candidate(label=label, layout=label, config=config, cost=size))
    return Entered(candidates=tuple(found), notes=tuple(notes))


def _labels(entries: Sequence[BaselineSpec], layouts: Collection[str]) -> list[str]:
    """Return what the ranking calls each: its label, or its network's name, made unique."""
    taken = set(layouts)
    for number, entry in enumerate(entries):
        if entry.label is None:
            continue
        if entry.label in taken:
            raise SpecError(
                f"'{entry.label}' is another network of this study: choose another label",
                key=f"baselines.{number}.label",
            )
        taken.add(entry.label)
    labels: list[str] = []
    for entry in entries:
        label = entry.label
        if label is None:
            label = _unique(entry.network.rpartition("/")[2], taken)
            taken.add(label)
        labels.append(label)
    return labels


def _unique(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    return next(label for k in range(2, len(taken) + 2) if (label := f"{name}-{k}") not in taken)
