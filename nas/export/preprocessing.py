"""How an image becomes what a network takes: a record beside every exported model."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nas.errors import NotFoundError, SpecError
from nas.study.facts import DataFacts

PREPROCESSING = "preprocessing.json"
LONGEST = 2**24  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Preprocessing:
    """From an image file to logits: decode, resize, count channels; the network does the rest.

    Exported programs take the pixels as bytes and normalize them themselves; a folder of `coatnet`
    takes ``(pixels / 255 - mean) / std``.
    """

    image_size: int  # pixels a side
    channels: int  # 1: gray, the luma of RGB; 3: RGB, gray repeated
    mean: tuple[float, ...]  # by channel, of pixels / 255
    std: tuple[float, ...]
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, facts: DataFacts) -> "Preprocessing":
        """Return that of a training."""
        return cls(
            image_size=facts.shape.image_size,
            channels=facts.shape.channels,
            mean=facts.mean,
            std=facts.std,
            class_names=facts.class_names,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values, and the steps in words."""
        return {**asdict(self), "scale": "pixels / 255", "steps": list(self.steps)}

    @property
    def steps(self) -> tuple[str, ...]:
        """How a file becomes pixels, in words."""
        size = self.image_size
        return (
            "turn upright by the EXIF orientation",
            "8 bits RGB; transparency on white, on black where white would hide what is seen",
            f"stretch to {size} x {size} pixels, bilinear, whatever the proportions: no crop",
            "luma (ITU-R 601)" if self.channels == 1 else "RGB, channels first",
        )


def read_preprocessing(folder: Path) -> Preprocessing:
    """Return what a model's folder says of its images: `preprocessing.json`, or coatnet's own.

    Raises:
        NotFoundError: it says nothing.
        SpecError: what it says is not that.
    """
    for name in (PREPROCESSING, "config.json"):
        path = folder / name
        if not path.is_file():
            continue
        try:
            if path.stat().st_size > LONGEST:
                raise ValueError("it is too long")
            values = json.loads(path.read_bytes())
            if name != PREPROCESSING:
                metadata = values["metadata"]
                values = {**metadata["preprocessing"], "class_names": metadata["class_names"]}
            return _from_json(values)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SpecError(f"{path}: not what `nas export` writes: {error!r}") from error
    raise NotFoundError(f"{folder}: no {PREPROCESSING}; `nas export STUDY --to DIR` writes it")


def _from_json(values: Mapping[str, Any]) -> Preprocessing:
    size, channels = values["image_size"], values["channels"]
    if not isinstance(size, int) or not 1 <= size <= 4096 or channels not in (1, 3):
        raise ValueError(f"{size} pixels and {channels} channels")
    mean, std = (tuple(float(each) for each in values[key]) for key in ("mean", "std"))
    names = values["class_names"]
    if len(mean) != channels or len(std) != channels or not all(each > 0 for each in std):
        raise ValueError("mean and std must have a number for each channel")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("class_names must be a list of names")
    return Preprocessing(
        image_size=size, channels=channels, mean=mean, std=std, class_names=tuple(names)
    )
