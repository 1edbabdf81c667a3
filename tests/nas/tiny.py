"""Networks and images so small that an epoch takes milliseconds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.data.arrays import ImageArrays
from nas.data.images import ImageData
from nas.spec.recipe import TrainingSpec
from nas.study.records import DataShape, EpochMeasured, Segment, SegmentEnded, Trial
from nas.training.device import Device
from nas.training.loop import train_segment
from nas.training.task import Task

CPU = Device(torch_device=torch.device("cpu"))
SIZE, CLASSES = 8, 3


def make_config(layout: str = "C-T", **changes: Any) -> CoAtNetConfig:
    stages = tuple(
        StageConfig(block=BlockType(letter), depth=1, width=8, stride=1 + (number > 0))
        for number, letter in enumerate(layout.split("-"))
    )
    config = CoAtNetConfig(
        stem=StemConfig(width=4),
        stages=stages,
        head_size=4,
        image_size=SIZE,
        in_channels=1,
        classes=CLASSES,
        batch_norm_momentum=0.1,
    )
    return replace(config, **changes)


def make_trial(layout: str = "C-T", *, epochs: int = 4, seed: int = 0, **changes: Any) -> Trial:
    return Trial(
        number=1,
        id=f"0001-{layout}-s{seed}",
        label=layout,
        layout=layout,
        seed=seed,
        epochs=epochs,
        config=make_config(layout, **changes),
        parameters=1,
        macs=1,
    )


def make_data(count: int = 38, *, seed: int = 0) -> ImageData:
    """Images whose class is where they are bright; the arrays are read-only, as Ray's are."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count + 12, dtype=np.int64) % CLASSES
    images = rng.integers(0, 90, (count + 12, 1, SIZE, SIZE), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[0, 2 * label : 2 * label + 3] += 120
    arrays = {
        "train_images": images[:count],
        "train_labels": labels[:count],
        "probe_indices": np.arange(0, count, 2, dtype=np.int64),
        "evaluation_images": images[count:],
        "evaluation_labels": labels[count:],
    }
    for array in arrays.values():
        array.setflags(write=False)
    return ImageData(
        shape=DataShape(image_size=SIZE, channels=1, classes=CLASSES),
        train=ImageArrays(images=arrays["train_images"], labels=arrays["train_labels"]),
        probe_indices=arrays["probe_indices"],
        evaluation=ImageArrays(
            images=arrays["evaluation_images"], labels=arrays["evaluation_labels"]
        ),
        class_names=("a", "b", "c"),
        mean=(0.3,),
        std=(0.2,),
        fingerprint=f"tiny{seed}",
    )


class Training:
    """One trial's folder, and what was reported from it."""

    def __init__(self, folder: Path, trial: Trial, recipe: TrainingSpec) -> None:
        self.folder, self.trial, self.recipe = folder, trial, recipe
        self.data = make_data()
        self.reported: list[EpochMeasured] = []
        self.attempt = 0
        self.parent: Path | None = None
        self.device = CPU

    def run(
        self,
        until: int,
        *,
        acknowledged: int | None = None,
        report: Callable[[EpochMeasured], None] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> SegmentEnded:
        self.attempt += 1
        segment = Segment(
            trial=self.trial,
            attempt=self.attempt,
            acknowledged=len(self.reported) if acknowledged is None else acknowledged,
            until_epoch=until,
        )
        return train_segment(
            segment,
            task=Task(data=self.data, recipe=self.recipe),
            folder=self.folder,
            device=self.device,
            parent=self.parent,
            report=report or self.reported.append,
            should_stop=should_stop,
        )


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small only wait for a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def training(tmp_path: Path) -> Callable[..., Training]:
    """Make a `Training` in a folder of its own."""

    def make(name: str = "trial", *, trial: Trial | None = None, **recipe: Any) -> Training:
        fields = {"epochs": 4, "batch_size": 8, **recipe}
        return Training(tmp_path / name, trial or make_trial(), TrainingSpec(**fields))

    return make


@pytest.fixture(name="make_data")
def _make_data() -> Callable[..., ImageData]:
    return make_data


@pytest.fixture(name="make_trial")
def _make_trial() -> Callable[..., Trial]:
    return make_trial


@pytest.fixture(name="make_config")
def _make_config() -> Callable[..., CoAtNetConfig]:
    return make_config
