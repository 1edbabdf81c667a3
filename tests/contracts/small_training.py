"""A real training that takes a second: what segments must not change by a bit."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.data.load import load
from nas.execution.training_job import Task, TrainingJob
from nas.spec.recipe import RandAugmentSpec, TrainingSpec
from nas.spec.study import DataSpec, ResourcesSpec
from nas.study.records import EpochMeasured, Trial
from nas.training import checkpoint
from tests.nas.builders import trial

NETWORK = CoAtNetConfig(
    stem=StemConfig(width=4, depth=1),
    stages=(
        StageConfig(block=BlockType.CONVOLUTION, depth=1, width=4),
        StageConfig(block=BlockType.TRANSFORMER, depth=1, width=8),
    ),
    head_size=4,
    image_size=16,
    in_channels=1,
    classes=10,
    drop_path=0.2,
)


def small_training(folder: Path) -> tuple[TrainingJob, Trial]:
    """Return a job that draws all kinds of random numbers, and a trial of 15 epochs."""
    recipe = TrainingSpec(
        epochs=15,
        batch_size=16,
        drop_path=0.2,
        mixup=0.4,
        crop_padding=1,
        rand_augment=RandAugmentSpec(layers=1, magnitude=5),
        ema_decay=0.99,
    )
    data = load(DataSpec(image_size=16, train=48, probe=16, evaluation=32))
    job = TrainingJob(
        folder=folder / "trials",
        resources=ResourcesSpec(),
        training=Task(data=data, recipe=recipe),
    )
    return job, trial(config=NETWORK, epochs=15)


def timeless(epoch: EpochMeasured) -> dict[str, Any]:
    """Return what was measured, without when and by which attempt."""
    return {k: v for k, v in asdict(epoch).items() if k not in ("at", "seconds", "attempt")}


def weights(job: TrainingJob, planned: Trial) -> dict[str, torch.Tensor]:
    """Return all tensors of the trial's newest checkpoint: weights, moments, averages."""
    saved = checkpoint.newest(job.folder / planned.id)
    assert saved is not None
    return saved.tensors
