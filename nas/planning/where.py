"""Where a plan is measured: on this machine, or in a worker of the cluster that was named."""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from nas.planning.bill import Measure
from nas.planning.plan import Room
from nas.planning.shapes import Shape
from nas.planning.timing_records import Timings
from nas.spec.resources import Node, ResourcesSpec, at_once
from nas.training.task import Task


class Place(Protocol):
    """Somewhere trials can run; whoever opens it closes it."""

    @property
    def room(self) -> Room:
        """How many trials run there at once."""
        ...

    @property
    def measure(self) -> Measure:
        """Times networks there."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_place(
    resources: ResourcesSpec,
    *,
    address: str | None,
    inline: bool,
    say: Callable[[str], None],
) -> Place:
    """Return the cluster at `address` or RAY_ADDRESS, else this machine.

    Raises:
        NoClusterError: nobody answers there, or no node can hold a trial.
    """
    address = address or os.environ.get("RAY_ADDRESS") or None
    if address is None or inline:
        return Here(resources, inline=inline, say=say)
    return Cluster(resources, address=address, say=say)


class Here:
    """This machine."""

    def __init__(
        self, resources: ResourcesSpec, *, inline: bool, say: Callable[[str], None]
    ) -> None:
        """Run one trial at a time, if `inline`, else as many as Ray would here.

        Of a machine too small for a trial, a trial gets what there is: a plan for a cluster can be
        made on a laptop, of the laptop's hours (docs/plan.md, "On a smaller machine").
        """
        self._say = say
        node = Node(cpus=os.cpu_count() or 1, gpus=_gpus(resources), memory=_memory())
        lent = None
        if at_once([node], resources) < 1:  # it stands in for what it is not
            less = {
                "cpus": min(resources.cpus, float(node.cpus)),
                "gpus": min(resources.gpus, float(node.gpus)),
                "memory": None,
            }
            resources = lent = resources.model_copy(update=less)
        workers = 1 if inline else at_once([node], resources)
        self.room = Room(workers=workers, neighbours=beside(workers, resources), lent=lent)

    def measure(
        self, shapes: Sequence[Shape], task: Task, resources: ResourcesSpec, *, neighbours: int
    ) -> Timings:
        """Measure in this process."""
        from nas.planning.timing import time_shapes  # noqa: PLC0415 - imports torch

        return time_shapes(shapes, task, resources, neighbours=neighbours, say=self._say)

    def close(self) -> None:
        """Nothing to let go of."""


class Cluster:
    """A Ray cluster: one worker measures, beside processes like its node's other trials."""

    def __init__(
        self, resources: ResourcesSpec, *, address: str, say: Callable[[str], None]
    ) -> None:
        """Join it.

        Raises:
            NoClusterError: nobody answers there, or no node can hold a trial.
        """
        from nas.execution import ray_cluster  # noqa: PLC0415

        self._say, self._ray = say, ray_cluster
        self._ours = ray_cluster.connect(address)
        ray_cluster.check_fits(resources)
        nodes = ray_cluster.nodes()
        largest = max(at_once([node], resources) for node in nodes)
        workers = at_once(nodes, resources)
        self.room = Room(workers=workers, neighbours=beside(min(largest, workers), resources))

    def measure(
        self, shapes: Sequence[Shape], task: Task, resources: ResourcesSpec, *, neighbours: int
    ) -> Timings:
        """Measure in one worker that is given what a trial is."""
        from nas.planning.timing import time_shapes  # noqa: PLC0415 - imports torch

        self._say(f"{len(shapes)} networks on the cluster")
        return self._ray.call(
            time_shapes, shapes, task, resources, resources=resources, neighbours=neighbours
        )

    def close(self) -> None:
        """Leave the cluster."""
        if self._ours:
            self._ray.disconnect()


def beside(workers: int, resources: ResourcesSpec) -> int:
    """Return how many trials share with one what slows it: its GPU, or the cores of its machine."""
    if resources.gpus > 0:
        workers = min(workers, int(1 / resources.gpus + 1e-9))
    return max(workers - 1, 0)


def _memory() -> float:
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _gpus(resources: ResourcesSpec) -> int:
    if resources.gpus <= 0:
        return 0
    import torch

    return torch.cuda.device_count()
