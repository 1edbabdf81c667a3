"""Which faults strike when: drawn from a seed, so that each kind strikes at each of its moments."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice


class Kind(StrEnum):
    """What happens to a study."""

    WORKER_KILL = "worker-kill"
    WORKER_STOP = "worker-stop"
    DRIVER_KILL = "driver-kill"
    TERM_2 = "driver-term-2s"  # SIGTERM, and SIGKILL where it is still there after two seconds
    TERM_30 = "driver-term-30s"
    INTERRUPT = "driver-int"
    HANG_UP = "driver-hup"
    RAYLET_KILL = "raylet-kill"  # of the one node, on which the driver is
    NODE_KILL = "node-kill"  # the raylet of another node with its workers
    HEAD_KILL = "head-kill"  # Ray's GCS
    FULL_DISK = "disk-full"


class Moment(StrEnum):
    """The named points at which a fault can strike."""

    BEGINNING = "beginning"  # imports, data, Ray, the first segments
    TRAINING = "training"
    SAVING = "saving"  # a file of a checkpoint is being written
    ENDING = "ending"  # all is trained; tables, report and winner are being made


_ALWAYS = (Moment.BEGINNING, Moment.TRAINING, Moment.SAVING, Moment.ENDING)
_AT_WORK = (Moment.TRAINING, Moment.SAVING)
MOMENTS: dict[Kind, tuple[Moment, ...]] = {
    Kind.WORKER_KILL: _AT_WORK,
    Kind.WORKER_STOP: (Moment.TRAINING,),
    Kind.DRIVER_KILL: _ALWAYS,
    Kind.TERM_2: _ALWAYS,
    Kind.TERM_30: _ALWAYS,
    Kind.INTERRUPT: _ALWAYS,
    Kind.HANG_UP: _ALWAYS,
    Kind.RAYLET_KILL: _AT_WORK,
    Kind.NODE_KILL: _AT_WORK,
    Kind.HEAD_KILL: _AT_WORK,
    Kind.FULL_DISK: (*_AT_WORK, Moment.ENDING),
}
# Those that take a minute or so each strike seldom.
OFTEN: dict[Kind, int] = {
    Kind.WORKER_KILL: 24,
    Kind.WORKER_STOP: 1,
    Kind.HEAD_KILL: 2,
    Kind.NODE_KILL: 4,
}
_OFTEN = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A fault to come."""

    kind: Kind
    moment: Moment
    epochs: int  # that the driver measures before it
    delay: float  # in [0, 1): how far into the moment
    choice: float  # in [0, 1): which of several victims
    tries: int = 0  # that came too late


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyPlan:
    """The faults of one study, in order."""

    faults: tuple[Planned, ...]
    two_nodes: bool  # on a cluster of two nodes, not on a Ray of its own
    small_disk: bool


def draw(count: int, *, kinds: Sequence[Kind], seed: int) -> list[Planned]:
    """Return faults: each pair of a kind and a moment once, then by how often kinds strike."""
    rng = random.Random(seed)
    pairs = [(kind, moment) for kind in kinds for moment in MOMENTS[kind]]
    rng.shuffle(pairs)
    seen = Counter[Kind]()
    place = {pair: seen.update((pair[0],)) or seen[pair[0]] for pair in pairs}
    pairs.sort(key=lambda pair: place[pair])  # a few faults are of as many kinds
    deck = [kind for kind in kinds for _ in range(OFTEN.get(kind, _OFTEN))]
    rng.shuffle(deck)
    rest = islice(cycle(deck), max(count - len(pairs), 0))
    pairs = pairs[:count] + [(kind, rng.choice(MOMENTS[kind])) for kind in rest]
    return [
        Planned(
            kind=kind,
            moment=moment,
            epochs=rng.randint(1, 4),
            delay=rng.random(),
            choice=rng.random(),
        )
        for kind, moment in pairs
    ]


def studies(faults: Sequence[Planned], *, most: int) -> list[StudyPlan]:
    """Share faults out to studies of at most so many; what ends a study comes last in it."""
    found: list[StudyPlan] = []
    waiting = list(faults)
    while waiting:
        first = waiting[0]
        two_nodes = first.kind is Kind.NODE_KILL
        small_disk = not two_nodes and any(each.kind is Kind.FULL_DISK for each in waiting[:most])
        chosen: list[Planned] = []
        for each in waiting:
            if len(chosen) < most and _fits(each, chosen, two_nodes=two_nodes, small=small_disk):
                chosen.append(each)
        waiting = [each for each in waiting if not any(each is one for one in chosen)]
        chosen.sort(key=lambda each: each.moment is Moment.ENDING)
        found.append(StudyPlan(faults=tuple(chosen), two_nodes=two_nodes, small_disk=small_disk))
    return found


def _fits(fault: Planned, chosen: Sequence[Planned], *, two_nodes: bool, small: bool) -> bool:
    if fault.moment is Moment.ENDING and any(each.moment is Moment.ENDING for each in chosen):
        return False  # what is complete ends too soon to be hit twice
    if fault.kind is Kind.FULL_DISK:
        return small
    if two_nodes:
        return fault.kind not in (Kind.RAYLET_KILL, Kind.HEAD_KILL)
    return fault.kind is not Kind.NODE_KILL
