"""The job of a real study: train one segment on this machine's device."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from nas.execution.executor import Report
from nas.spec.study import ResourcesSpec
from nas.study.records import Segment, SegmentEnded
from nas.training.checkpoint_files import Place
from nas.training.group import Group
from nas.training.task import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingJob:
    """Everything a worker needs; the images travel once per node through Ray's object store."""

    folder: Place  # the study's `trials` folder, which all workers see
    resources: ResourcesSpec
    training: Task
    fine_tuning: Task | None = None  # of trials that have a parent
    group: Group | None = None  # of a trial of several workers, this one
    alive: Callable[[], None] | None = None  # told of every step (see `nas.execution.heartbeat`)

    def beating(self, alive: Callable[[], None]) -> "TrainingJob":
        """Return the job, calling `alive` after every step of training and of measuring."""
        return replace(self, alive=alive)

    def among(self, group: Group) -> "TrainingJob":
        """Return the job of one worker of a trial that has several."""
        return replace(self, group=group)

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Train the segment (see `train_segment`)."""
        # The driver builds the job and must not wait for torch.
        from nas.training.device import Device  # noqa: PLC0415
        from nas.training.distributed import joined  # noqa: PLC0415
        from nas.training.loop import train_segment  # noqa: PLC0415

        parent = segment.trial.parent
        task = self.training if parent is None else self.fine_tuning
        assert task is not None, "only a study with fine-tuning plans trials with a parent"
        device = Device.of(self.resources, self.group)
        with joined(self.group, device.torch_device):
            return train_segment(
                segment,
                task=task.of(segment.trial),
                folder=self.folder / segment.trial.id,
                device=device,
                parent=None if parent is None else self.folder / parent,
                report=report,
                should_stop=self._goes_on,
            )

    def _goes_on(self) -> bool:
        """Never ask to stop; that the loop asks is a sign of life."""
        if self.alive is not None:
            self.alive()
        return False
