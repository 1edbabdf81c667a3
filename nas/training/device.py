"""Where a training runs: all that the loop knows of its device and of processes beside it."""

from dataclasses import dataclass

import torch

from nas.spec.recipe import TrainingSpec
from nas.spec.resources import Strategy
from nas.spec.study import ResourcesSpec
from nas.training.group import Group, share_of

SHARDED_FROM = 200_000_000  # parameters: CoAtNet-4 has 275 million, CoAtNet-3 168


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One process of a training: its device, and which of how many processes it is."""

    torch_device: torch.device
    threads: int = 1  # of torch on the CPU
    rank: int = 0
    world_size: int = 1
    strategy: Strategy = "auto"

    @classmethod
    def of(cls, resources: ResourcesSpec, group: Group | None = None) -> "Device":
        """Return the device of a process that is given `resources`, the only one or of a group."""
        kind = "cuda" if resources.gpus > 0 else "cpu"
        rank, size = (0, 1) if group is None else (group.rank, group.size)
        return cls(
            torch_device=torch.device(kind),
            threads=resources.threads,
            rank=rank,
            world_size=size,
            strategy=resources.strategy,
        )

    def share(self, count: int) -> slice:
        """Return the rows of a batch of `count` images that this process takes."""
        if self.world_size == 1:
            return slice(0, count)
        return share_of(count, rank=self.rank, size=self.world_size)

    def shards(self, parameters: int) -> bool:
        """Tell whether the processes share out a network of so many parameters."""
        if self.world_size == 1 or self.strategy == "ddp":
            return False
        return self.strategy == "fsdp" or parameters >= SHARDED_FROM

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
