"""The job of a real study: train one segment on this machine's device."""

from dataclasses import dataclass
from pathlib import Path

from nas.execution.executor import Report
from nas.recipe import TrainingSpec
from nas.records import Segment, SegmentEnded
from nas.spec import ResourcesSpec
from nas.training.data import ImageData


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingJob:
    """Everything a worker needs; the images travel once per node through Ray's object store."""

    folder: Path  # the study's `trials` folder, which all workers see
    recipe: TrainingSpec
    resources: ResourcesSpec
    data: ImageData

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Train the segment (see `train_segment`)."""
        import torch  # the driver builds the job and must not wait for torch

        from nas.training.loop import train_segment  # noqa: PLC0415 - imports torch

        return train_segment(
            segment,
            recipe=self.recipe,
            data=self.data,
            folder=self.folder / segment.trial.id,
            device=torch.device("cuda" if self.resources.gpus > 0 else "cpu"),
            threads=self.resources.threads,
            report=report,
        )
