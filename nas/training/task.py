"""What a trial is trained on, and how; without torch, so that the driver can say it."""

from dataclasses import dataclass

from nas.data.images import ImageData
from nas.spec.recipe import TrainingSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What is trained on, and how; the same for all trials of a study (paper, Table 10)."""

    data: ImageData
    recipe: TrainingSpec
