"""How long networks train and are measured here: a few real steps of each, by the training code."""

import math
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import numpy as np
import torch

from nas.data.on_device import to_device
from nas.errors import NasError
from nas.planning.rehearsal import made_up
from nas.planning.shapes import Shape
from nas.planning.timing_records import Timed, Timings
from nas.spec.recipe import TrainingSpec
from nas.spec.study import ResourcesSpec
from nas.study.records import Segment, Trial
from nas.training import trial_state
from nas.training.device import Device
from nas.training.loop import is_out_of_memory, isolated, measure, never, prepare
from nas.training.order import images_of_epoch
from nas.training.steps import Run, take_steps
from nas.training.task import Task
from nas.training.trial_state import TrialState

ROUNDS = 2  # every network is measured so often, the second time in the opposite order
WARM_STEPS = 2  # not counted: kernels are chosen, memory is asked for
BUDGET = 0.5  # seconds of steps that are counted, a network and round; at least so many steps:
LEAST_STEPS = 3
LONG = 4.0  # seconds of a step, above which so few images stand for its batch that it takes one
FEW = 2  # images that tell whether it does
LEAST_IMAGES = 64  # that are measured on, where there are as many and they take no longer than:
LONGEST = 2.0
READY = 180.0  # seconds for a neighbour to begin

Clock = Callable[[], float]


def time_shapes(
    shapes: Sequence[Shape],
    task: Task,
    resources: ResourcesSpec,
    *,
    neighbours: int = 0,
    say: Callable[[str], None] | None = None,
) -> Timings:
    """Measure each network on the device that trials get, on the task's own images.

    Args:
        shapes: the networks.
        task: what they are trained on, and how.
        resources: of a trial.
        neighbours: trials that share cores, memory or the device with it, and slow it.
        say: is told what is measured.

    Raises:
        NasError: a network does not fit into memory, or the device is not there.
    """
    device = Device.of(resources)
    if device.torch_device.type == "cuda" and not torch.cuda.is_available():
        raise NasError(
            "resources.gpus asks for a GPU and this machine has none that torch can use: give "
            "--address of the cluster, or resources.gpus=0"
        )
    base, found = _taken(device), [[] for _ in shapes]
    with _busy_neighbours(neighbours, shapes[len(shapes) // 2].trial, task, device):
        time_trial(shapes[0].trial, task, device)  # whatever is slow the first time in a process
        for number in range(ROUNDS):
            places = range(len(shapes)) if number % 2 == 0 else reversed(range(len(shapes)))
            for place in places:
                if say is not None:
                    say(f"{shapes[place].trial.label}, round {number + 1} of {ROUNDS}")
                found[place].append(time_trial(shapes[place].trial, task, device))
    name, memory = _described(device)
    on_cpu = device.torch_device.type == "cpu"
    return Timings(
        device=name,
        memory_bytes=memory,
        base_bytes=base,
        peak_bytes=max(base, _most_bytes()) if on_cpu else 0,
        neighbours=neighbours,
        timed=tuple(tuple(rounds) for rounds in found),
    )


def time_trial(
    trial: Trial, task: Task, device: Device, *, clock: Clock = time.perf_counter
) -> Timed:
    """Measure one network: steps enough for `BUDGET`, or a whole epoch where that is less.

    Raises:
        NasError: it does not fit into memory.
    """
    task, before = task.of(trial), _taken(device)
    try:
        with isolated(device):
            started = clock()
            state, run = _begin(trial, task, device)
            start = clock() - started
            run, batch = _quick(state, run, clock)
            steps = _time_steps(state, run, clock, warm=batch is not None)
            measured = _time_measuring(state, run, task, clock, image=steps / _drawn(run))
            return Timed(
                epoch=steps + measured,
                start=start,
                save=_time_saving(state, trial, clock),
                peak_bytes=_peak(device, before),
                batch=batch,
            )
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise NasError(
            f"{trial.label}: a step of {task.recipe.batch_size} images does not fit into the "
            f"memory of {device.torch_device}: lower training.batch_size or raise "
            "training.accumulate"
        ) from error


def _begin(trial: Trial, task: Task, device: Device) -> tuple[TrialState, Run]:
    state = trial_state.start(trial, recipe=task.recipe, data_fingerprint="", device=device)
    segment = Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=trial.epochs)
    return state, prepare(segment, task, device, never)


def _drawn(run: Run) -> int:
    return images_of_epoch(run.data.count, run.recipe)


def _quick(state: TrialState, run: Run, clock: Clock) -> tuple[Run, int | None]:
    """Return a run whose steps are short, and their images where they are fewer than a batch.

    A batch for a GPU takes a CPU minutes, and more memory than it has; a few images of it take as
    long each.
    """
    recipe = run.recipe
    part = recipe.batch_size // recipe.accumulate
    if run.device.torch_device.type == "cuda" or part <= FEW:
        return run, None
    few = replace(run, recipe=_of_batch(recipe, FEW, FEW))
    take_steps(state, few, 1)
    begun = clock()
    take_steps(state, few, 1)
    image = (clock() - begun) / FEW
    if image * recipe.batch_size <= LONG:
        return run, None
    batch = min(max(FEW, int(1.0 / image)), part)
    return replace(run, recipe=_of_batch(recipe, batch, recipe.epoch_images)), batch


def _of_batch(recipe: TrainingSpec, batch: int, epoch_images: int | None) -> TrainingSpec:
    return recipe.model_copy(
        update={"batch_size": batch, "accumulate": 1, "epoch_images": epoch_images}
    )


def _time_steps(state: TrialState, run: Run, clock: Clock, *, warm: bool) -> float:
    """Return the seconds of an epoch's steps."""
    whole, batch = _drawn(run), run.recipe.batch_size

    def seconds(steps: int) -> float:
        """Return the seconds of an epoch, from this many steps of it."""
        images = min(steps * batch, whole)
        short = replace(run, recipe=run.recipe.model_copy(update={"epoch_images": images}))
        begun = clock()
        take_steps(state, short, 1)
        return (clock() - begun) * whole / images

    if not warm:
        seconds(WARM_STEPS)
    one = max(seconds(1) * min(batch, whole) / whole, 1e-9)
    return seconds(max(LEAST_STEPS, math.ceil(BUDGET / one)))


def _time_measuring(
    state: TrialState, run: Run, task: Task, clock: Clock, *, image: float
) -> float:
    """Return the seconds of an epoch's measurements; `image` is what one takes to train on."""
    probe, evaluation = len(task.data.probe_indices), task.data.evaluation.count
    image = max(image, 1e-9)
    least = min(LEAST_IMAGES, max(FEW, int(3 * LONGEST / image)))  # forward is a third
    most = max(least, math.ceil(3 * BUDGET / image))
    few = (min(probe, most), min(evaluation, most))
    part = replace(
        task.data,
        probe_indices=task.data.probe_indices[: few[0]],
        evaluation=task.data.evaluation.subset(np.arange(few[1])),
    )
    short = replace(run, data=to_device(part, run.device.torch_device))
    passes = 2 if run.recipe.batch_statistics == "anew" else 1  # over the probe
    begun = clock()
    measure(state.model, short, name="the")
    once = (clock() - begun) * (passes * probe + evaluation) / (passes * few[0] + few[1])
    return once * (1 if state.average is None else 2)


def _time_saving(state: TrialState, trial: Trial, clock: Clock) -> float:
    segment = Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=1)
    state.history.append(made_up(segment, 1))  # a checkpoint is of an epoch
    with tempfile.TemporaryDirectory() as folder:
        begun = clock()
        state.save(Path(folder), attempt=1)
        return clock() - begun


def _taken(device: Device) -> int:
    """Return the bytes in use: of the device, or of this process."""
    if device.torch_device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _peak(device: Device, before: int) -> int | None:
    if device.torch_device.type != "cuda":
        return None
    return torch.cuda.max_memory_allocated() - before


def _most_bytes() -> int:
    """Return the most that this process ever held; the system counts it in coarse steps."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _described(device: Device) -> tuple[str, int]:
    """Return the device's name and its memory, bytes."""
    if device.torch_device.type == "cuda":
        return torch.cuda.get_device_name(), torch.cuda.mem_get_info()[1]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"CPU, {device.threads} thread{'s'[: device.threads != 1]} a trial", memory


@contextmanager
def _busy_neighbours(count: int, trial: Trial, task: Task, device: Device) -> Iterator[None]:
    """Train beside whoever measures, in `count` processes, as the other trials of a study do."""
    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    processes = [
        context.Process(target=_keep_busy, args=(trial, task, device, ready), daemon=True)
        for _ in range(count)
    ]
    try:
        for process in processes:
            process.start()
        for _ in processes:
            if not ready.acquire(timeout=READY):
                raise NasError(f"a neighbour did not begin to train within {READY:g} s")
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _keep_busy(trial: Trial, task: Task, device: Device, ready: Semaphore) -> None:
    """Train until the process is ended, and let `ready` be known after the first step."""
    with isolated(device):
        state, run = _begin(trial, task.of(trial), device)
        run, _ = _quick(state, run, time.perf_counter)
        images = min(run.recipe.batch_size, _drawn(run))
        short = replace(run, recipe=run.recipe.model_copy(update={"epoch_images": images}))
        take_steps(state, short, 1)
        ready.release()
        while True:
            take_steps(state, short, 1)
