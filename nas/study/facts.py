"""What a study keeps of its images: enough to know them again, and to say what they were."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nas.study.left_out import LeftOut
from nas.study.records import DataShape


@dataclass(frozen=True, kw_only=True, slots=True)
class AtSize:
    """What of the facts differs where the same images are of another size."""

    image_size: int  # pixels a side
    fingerprint: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFacts:
    """What the study knows of its images without holding them."""

    fingerprint: str  # sha256 over all arrays
    shape: DataShape
    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # per channel, of training images scaled to [0, 1]
    std: tuple[float, ...]
    train_images: int | None  # None: without end
    probe_images: int
    evaluation_images: int
    bad_files: tuple[str, ...] = ()  # "file: reason" of what could not be read
    # What is not trained on because the study evaluates on it. None: the study began with 0.1,
    # which did not look, and goes on with the images it had.
    left_out: LeftOut | None = None
    others: tuple[AtSize, ...] = ()  # at the other sizes that the space says
    notes: tuple[str, ...] = ()  # which folder is what, files that are not used, ...

    @property
    def words(self) -> str:
        """What there is to train and to evaluate on, in a line."""
        bad = f"{len(self.bad_files):,} unreadable" if self.bad_files else "none unreadable"
        return (
            f"{self.amount} images to train on, {self.evaluation_images:,} to evaluate on, "
            f"{len(self.class_names)} classes, {self.pixels} pixels, {bad}"
        )

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints at all sizes."""
        return (self.fingerprint, *(other.fingerprint for other in self.others))

    @property
    def pixels(self) -> str:
        """The sizes of the images, in words: ``28``, or ``28, 14 and 20``."""
        sizes = [str(self.shape.image_size), *(str(other.image_size) for other in self.others)]
        return " and ".join(filter(None, (", ".join(sizes[:-1]), sizes[-1])))

    def at(self, image_size: object) -> "DataFacts":
        """Return the facts at that size alone; at no such, these."""
        for other in self.others:
            if other.image_size == image_size:
                values = {key: getattr(other, key) for key in ("fingerprint", "mean", "std")}
                shape = replace(self.shape, image_size=other.image_size)
                return replace(self, shape=shape, others=(), **values)
        return self

    @property
    def amount(self) -> str:
        """How many images there are to train on, in words."""
        return "endlessly many" if self.train_images is None else f"{self.train_images:,}"


def facts_to_json(facts: DataFacts) -> dict[str, Any]:
    """Return plain JSON values; `facts_from_json` inverts it.

    Other sizes and notes are there only where there are some: releases that know of none read the
    rest.
    """
    values: dict[str, Any] = asdict(facts)
    for name in ("others", "notes"):
        if not values[name]:
            del values[name]
    return values


def facts_from_json(values: Mapping[str, Any]) -> DataFacts:
    """Return the facts that `study.json` holds, of 0.1 too."""
    data = dict(values)
    data["shape"] = DataShape(**data["shape"])
    for name in ("class_names", "mean", "std", "bad_files"):
        data[name] = tuple(data[name])
    data["notes"] = tuple(data.get("notes", ()))
    left_out = data.get("left_out")
    if left_out is not None:
        data["left_out"] = LeftOut(
            reserved=int(left_out["reserved"]), copies=tuple(left_out["copies"])
        )
    data["others"] = tuple(
        AtSize(
            image_size=int(other["image_size"]),
            fingerprint=str(other["fingerprint"]),
            mean=tuple(other["mean"]),
            std=tuple(other["std"]),
        )
        for other in data.get("others", ())
    )
    return DataFacts(**data)


def left_out_words(data: DataFacts, tuning: DataFacts | None) -> tuple[str, ...]:
    """Say what the two tasks do not train on because the study evaluates on it."""
    both = ((data, "data", "fine_tune.data"), (tuning, "fine_tune.data", "data"))
    return tuple(
        sentence
        for facts, section, other in both
        if facts is not None and facts.left_out is not None
        for sentence in facts.left_out.words(section, other)
    )
