"""What measuring networks brings, for those who need no torch to read it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """What one network took, in seconds."""

    epoch: float  # steps and measurements of one, as the journal counts them
    start: float  # to build it and its optimizer
    save: float  # of a checkpoint
    peak_bytes: int | None  # of a step, beyond what was there before; None: not known on CPUs
    batch: int | None = None  # images of a timed step, where few stand for a batch that is slow


@dataclass(frozen=True, kw_only=True, slots=True)
class Timings:
    """What was measured of several networks, and where."""

    device: str  # its name
    memory_bytes: int  # that it has
    base_bytes: int  # taken before any network is built: images, and on CPUs the program
    peak_bytes: int  # the most the process took; on CPUs alone, else 0
    neighbours: int  # processes that trained beside it
    timed: tuple[tuple[Timed, ...], ...]  # of each network, every round
