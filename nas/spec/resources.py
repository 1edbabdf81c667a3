"""What one trial is given, and what a machine has of it."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from nas.spec.recipe import Count, NonNegative, Positive, Section, Threads
from search_spaces.language.errors import SpaceError
from search_spaces.language.values import size


class Node(NamedTuple):
    """What a machine of a cluster has, or has free."""

    cpus: float = 0.0
    gpus: float = 0.0
    memory: float = math.inf  # bytes


def _bytes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return size(value, ())
    except SpaceError as error:
        raise ValueError(f"must be a number of bytes such as 500M or 4G, not '{value}'") from error


Bytes = Annotated[
    int,
    Field(ge=1, le=10**15),
    BeforeValidator(_bytes),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "examples": ["4G"]}]},
        mode="validation",
    ),
]


Strategy = Literal["auto", "ddp", "fsdp"]  # auto: fsdp from CoAtNet-4 up


class ResourcesSpec(Section):
    """What one trial takes, and how many run at once."""

    cpus: Positive = 1.0
    gpus: NonNegative = 0.0  # a fraction shares a GPU
    memory: Bytes | None = None  # bytes, such as 4G, set aside on its node; null: none is
    threads: Threads = 1  # torch threads of a trial
    workers: Count = 1  # processes that train a trial together, each with cpus, gpus and memory
    strategy: Strategy = "auto"  # weights whole in each worker (ddp), or shared out (fsdp)
    concurrent: Count | None = None  # null: as many as the cluster has room for
    attempts: Count = 3  # of a segment that failed or whose worker was lost

    @property
    def asked(self) -> Node:
        """The room of one worker of a trial."""
        return Node(cpus=self.cpus, gpus=self.gpus, memory=float(self.memory or 0))

    def words(self, room: Node) -> str:
        """Return `room` as far as it is asked for: ``2 CPU, 1 GPU and 4 GB of memory``."""
        if self.memory is None:
            return f"{room.cpus:g} CPU and {room.gpus:g} GPU"
        memory = "any" if math.isinf(room.memory) else f"{room.memory / 1e9:.3g} GB"
        return f"{room.cpus:g} CPU, {room.gpus:g} GPU and {memory} of memory"


def at_once(nodes: Sequence[Node], resources: ResourcesSpec) -> int:
    """Return how many trials run at once on these nodes."""
    total = 0
    for node in nodes:
        fits = int(node.cpus / resources.cpus + 1e-9)
        if resources.gpus > 0:
            fits = min(fits, _on_gpus(node.gpus, resources.gpus))
        if resources.memory is not None:
            fits = int(min(fits, node.memory / resources.memory + 1e-9))
        total += fits
    total //= resources.workers
    return total if resources.concurrent is None else min(total, resources.concurrent)


def _on_gpus(gpus: float, each: float) -> int:
    """Return how many trials so many GPUs hold: a fraction never spans two."""
    return int(gpus / each + 1e-9) if each >= 1 else int(gpus) * int(1 / each + 1e-9)
