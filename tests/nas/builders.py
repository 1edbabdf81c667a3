"""Small records for tests: only what a test is about needs to be said."""

from typing import Any

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.study.records import EpochMeasured, Trial, TrialPlanned

TINY = CoAtNetConfig(
    stem=StemConfig(width=4, depth=1),
    stages=(StageConfig(block=BlockType.CONVOLUTION, depth=1, width=4),),
    head_size=4,
    image_size=8,
    in_channels=1,
    classes=10,
)


def trial(number: int = 1, **changes: Any) -> Trial:
    values: dict[str, Any] = {
        "number": number,
        "id": f"{number:04d}-C-s0",
        "label": "C",
        "layout": "C",
        "seed": 0,
        "epochs": 3,
        "config": TINY,
        "parameters": 1000,
        "macs": 20000,
    }
    return Trial(**{**values, **changes})


def planned(number: int = 1, **changes: Any) -> TrialPlanned:
    return TrialPlanned(at=0.0, trial=trial(number, **changes))


def measured(trial_id: str, epoch: int, **changes: Any) -> EpochMeasured:
    values: dict[str, Any] = {
        "at": float(epoch),
        "trial_id": trial_id,
        "attempt": 1,
        "epoch": epoch,
        "step": 10 * epoch,
        "samples": 100 * epoch,
        "seconds": 0.5 * epoch,
        "learning_rate": 1e-3,
        "train_loss": 2.0 / epoch,
        "gradient_norm": 1.0,
        "probe_loss": 1.9 / epoch,
        "probe_accuracy": 1 - 0.5 / epoch,
        "evaluation_loss": 2.0 / epoch,
        "evaluation_accuracy": 1 - 0.6 / epoch,
    }
    return EpochMeasured(**{**values, **changes})
