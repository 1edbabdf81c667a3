"""What a study keeps of its images: enough to know them again, and to say what they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.study.left_out import LeftOut
from nas.study.records import DataShape


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

    @property
    def amount(self) -> str:
        """How many images there are to train on, in words."""
        return "endlessly many" if self.train_images is None else f"{self.train_images:,}"


def facts_from_json(values: Mapping[str, Any]) -> DataFacts:
    """Return the facts that `study.json` holds, of 0.1 too."""
    data = dict(values)
    data["shape"] = DataShape(**data["shape"])
    for name in ("class_names", "mean", "std", "bad_files"):
        data[name] = tuple(data[name])
    left_out = data.get("left_out")
    if left_out is not None:
        data["left_out"] = LeftOut(
            reserved=int(left_out["reserved"]), copies=tuple(left_out["copies"])
        )
    return DataFacts(**data)
