"""Where a training runs: all that the loop knows of its device and of processes beside it."""

from dataclasses import dataclass

import torch

from nas.spec.recipe import TrainingSpec
from nas.spec.study import ResourcesSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One process of a training: its device, and which of how many processes it is."""

    torch_device: torch.device
    threads: int = 1  # of torch on the CPU
    rank: int = 0
    world_size: int = 1

    @classmethod
    def of(cls, resources: ResourcesSpec) -> "Device":
        """Return the device of a trial that is given `resources` and runs in one process."""
        kind = "cuda" if resources.gpus > 0 else "cpu"
        return cls(torch_device=torch.device(kind), threads=resources.threads)

    @property
    def writes(self) -> bool:
        """Whether this process is the one that saves checkpoints and reports epochs."""
        return self.rank == 0

    def precision(self, recipe: TrainingSpec) -> torch.dtype:
        """Return what matrix products are computed in; "auto" is bfloat16 on GPUs alone.

        Small networks are slower in bfloat16 on CPUs.
        """
        auto = "bf16" if self.torch_device.type == "cuda" else "fp32"
        chosen = auto if recipe.precision == "auto" else recipe.precision
        return torch.bfloat16 if chosen == "bf16" else torch.float32
