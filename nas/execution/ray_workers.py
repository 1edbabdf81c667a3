"""Trials of several workers: the trial's own process is the first, the others are tasks beside it.

Each worker has a bundle of the trial's placement group, which Tune makes and removes: Tune knows
the size of a trial, and nothing is left behind whatever dies. Workers meet at the first one's
address (see `nas.training.distributed`); when one dies its connections close, and all end.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, runtime_checkable

import ray
from ray.util import get_current_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from nas.execution.executor import Job
from nas.spec.resources import ResourcesSpec
from nas.study.records import EpochMeasured, Segment
from nas.training.group import Group

GOODBYE = 30.0  # seconds for the others to end after the first has


@runtime_checkable
class Shared(Protocol):
    """A job that several workers can do together."""

    @property
    def resources(self) -> ResourcesSpec:
        """What a worker is given, and how many there are."""
        ...

    def among(self, group: Group) -> Job:
        """Return the job of one of them."""
        ...


def bundles(resources: ResourcesSpec) -> list[dict[str, float]]:
    """Return what each worker of a trial asks for, as Ray counts it."""
    asked: dict[str, float] = {"CPU": resources.cpus, "GPU": resources.gpus}
    if resources.memory is not None:
        asked["memory"] = resources.memory
    return [{name: amount for name, amount in asked.items() if amount}] * resources.workers


@contextmanager
def with_others(job: Job, shared: ray.ObjectRef, segment: Segment) -> Iterator[Job]:
    """Start the other workers of a segment and yield the first one's job; they end with it."""
    if not isinstance(job, Shared) or job.resources.workers == 1:
        yield job
        return
    resources, size = job.resources, job.resources.workers
    address = _address()
    group = get_current_placement_group()
    assert group is not None, "Tune runs a trial in one"
    tasks = []
    for rank in range(1, size):
        work = ray.remote(_work).options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            memory=resources.memory,
            max_retries=0,
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                group, placement_group_bundle_index=rank
            ),
        )
        tasks.append(work.remote(shared, segment, Group(address=address, rank=rank, size=size)))
    try:
        yield job.among(Group(address=address, rank=0, size=size))
    finally:
        _, late = ray.wait(tasks, num_returns=len(tasks), timeout=GOODBYE)
        for task in late:
            ray.cancel(task, force=True)
        for task in tasks:
            with suppress(Exception):  # what went wrong the first worker has met
                ray.get(task, timeout=GOODBYE)


def _work(job: Shared, segment: Segment, group: Group) -> None:
    """Do one worker's part; the first one reports."""
    job.among(group)(segment, report=_nothing)


def _nothing(_record: EpochMeasured) -> None:
    """Report nothing."""


def _address() -> str:
    """Return where the workers meet: at this node, where nobody listens now."""
    host = ray.util.get_node_ip_address()
    with socket.socket() as probe:
        probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"
