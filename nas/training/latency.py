"""How long modules take for images on a device: timed forward passes, all taking turns.

Whatever slows the machine for a while so slows all alike, and who comes after whom is drawn anew
for every turn.
"""

import platform
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch import nn

from nas.errors import NasError
from nas.seeds import derive_seed
from nas.training.device import Device
from nas.training.loop import is_out_of_memory, isolated

WARM_PASSES = 3  # once a module: kernels are chosen, memory is asked for
PASSES = 3  # of a turn, after one that is not counted; the median counts
TOGETHER = 500_000_000  # parameters that are held at once: 2 GB; of more, one group after another

Clock = Callable[[], float]
Shape = tuple[int, int, int]  # channels, rows, columns


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A module to time."""

    name: str  # for messages
    build: Callable[[], nn.Module]
    input: Shape  # of one image, or of one map
    parameters: int


def time_modules(
    subjects: Sequence[Subject],
    device: Device,
    *,
    precision: torch.dtype = torch.float32,
    batch: int = 1,
    turns: int = 21,
    say: Callable[[str], None] | None = None,
    clock: Clock = time.perf_counter,
) -> tuple[tuple[float, ...], ...]:
    """Return the seconds of a forward pass of each module, one number a turn.

    In evaluation mode, without gradients, maps channels last, as trials measure themselves.

    Raises:
        NasError: a module does not fit into memory, or the device is not there.
    """
    if device.torch_device.type == "cuda" and not torch.cuda.is_available():
        raise NasError("this machine has no GPU that torch can use: measure with --device cpu")
    order = random.Random(derive_seed(0, "latency"))
    found: list[list[float]] = [[] for _ in subjects]
    mixed = torch.autocast(
        device.torch_device.type, torch.bfloat16, enabled=precision is torch.bfloat16
    )
    with isolated(device), torch.inference_mode(), mixed:
        for group in _groups(subjects, order):
            if say is not None:
                say(f"{len(group)} of {len(subjects)}, {turns} turns each")
            passes = {place: _made(subjects[place], device, batch) for place in group}
            for _ in range(turns):
                order.shuffle(group)
                for place in group:
                    seconds = [_timed(passes[place], device, clock) for _ in range(1 + PASSES)]
                    found[place].append(median(seconds[1:]))
    return tuple(tuple(each) for each in found)


def device_name(device: Device) -> str:
    """Return what the numbers are of: the GPU, or the processor and its threads."""
    if device.torch_device.type == "cuda":
        return torch.cuda.get_device_name()
    return f"{_processor()}, {device.threads} thread{'s'[: device.threads != 1]}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _groups(subjects: Sequence[Subject], order: random.Random) -> Iterator[list[int]]:
    """Yield who is held in memory together, drawn at random."""
    places = list(range(len(subjects)))
    order.shuffle(places)
    group: list[int] = []
    held = 0
    for place in places:
        size = subjects[place].parameters
        if group and held + size > TOGETHER:
            yield group
            group, held = [], 0
        group.append(place)
        held += size
    if group:
        yield group


def _made(subject: Subject, device: Device, batch: int) -> Callable[[], object]:
    """Return a forward pass that is warm."""
    place = device.torch_device
    try:
        module = subject.build().eval()
        # pyrefly: ignore [no-matching-overload] - torch's overloads leave memory_format out
        module = module.to(place, memory_format=torch.channels_last)
        images = torch.randn(batch, *subject.input, device=place)
        images = images.contiguous(memory_format=torch.channels_last)

        def run() -> object:
            return module(images)

        for _ in range(WARM_PASSES):
            run()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise NasError(
            f"{subject.name}: {batch} images do not fit into the memory of {place}: lower --batch"
        ) from error
    return run


def _timed(run: Callable[[], object], device: Device, clock: Clock) -> float:
    _wait(device)
    begun = clock()
    run()
    _wait(device)
    return clock() - begun


def _wait(device: Device) -> None:
    """Let the GPU finish."""
    if device.torch_device.type == "cuda":
        torch.cuda.synchronize()
