"""Trains one segment of one trial; knows nothing of Ray, MLflow or the search."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from nas.data.images import ImageData
from nas.data.on_device import to_device
from nas.errors import DataError
from nas.study.records import EpochMeasured, Outcome, Segment, SegmentEnded
from nas.training import checkpoint, trial_state
from nas.training.augment import Augment
from nas.training.batch_statistics import estimate_statistics
from nas.training.checkpoint_files import Place
from nas.training.device import Device
from nas.training.distributed import agree, first_says
from nas.training.metrics import Measurement, evaluate
from nas.training.optimizer import make_schedule
from nas.training.order import images_of_epoch
from nas.training.steps import DivergedError, Run, StoppedError, batch_bounds, take_steps
from nas.training.task import Task
from nas.training.trial_state import TrialState
from nas.training.under_way import Sums


def never() -> bool:
    """Do not stop."""
    return False


def train_segment(
    segment: Segment,
    *,
    task: Task,
    folder: Place,
    device: Device,
    parent: Place | None = None,
    report: Callable[[EpochMeasured], None],
    should_stop: Callable[[], bool] = never,
) -> SegmentEnded:
    """Train a trial from its newest checkpoint in `folder` up to `segment.until_epoch`.

    Every epoch after `segment.acknowledged` is reported exactly once, in order, after it was
    checkpointed: first those that an earlier attempt checkpointed but could not report. Epochs
    that were acknowledged but whose checkpoint is lost are trained again in silence. On CPUs a
    resumed training is equal, bit by bit, to one that was never interrupted; on GPUs nearly so.

    Args:
        segment: what to train.
        task: on what, and how.
        folder: of this trial's checkpoints; made if missing.
        device: where to train; the images are brought there as bytes. Of several processes the
            first alone writes checkpoints and reports.
        parent: folder of the checkpoints of the trial that this one fine-tunes.
        report: takes each epoch measured.
        should_stop: asked before each step of training and of measuring; the epoch under way is
            then given up.

    Returns:
        FINISHED, or REACHED where the trial has more epochs than the segment; DIVERGED, without
        having taken the bad step; INTERRUPTED; or FAILED for lack of memory.

    Raises:
        CheckpointError: a checkpoint cannot be written or is of another training, or the parent
            has no weights that fit.
        DataError: the images do not fit the network.
    """
    _check_fit(segment, task.data)
    with isolated(device):
        whole = segment.until_epoch >= segment.trial.epochs
        outcome, message = Outcome.FINISHED if whole else Outcome.REACHED, ""
        try:
            state = trial_state.start(
                segment.trial,
                recipe=task.recipe,
                data_fingerprint=task.data.fingerprint,
                device=device,
                parent=parent,
            )
            run = prepare(segment, task, device, should_stop)
            _train(state, run, segment, folder, report)
        except StoppedError:
            outcome, message = Outcome.INTERRUPTED, "asked to stop"
        except DivergedError as error:
            outcome, message = Outcome.DIVERGED, str(error)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            outcome = Outcome.FAILED
            message = (
                f"out of memory on {device.torch_device}: lower batch_size or raise accumulate"
            )
        return SegmentEnded(
            at=time.time(),
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            outcome=outcome,
            message=message,
        )


def _check_fit(segment: Segment, data: ImageData) -> None:
    config, shape = segment.trial.config, data.shape
    wanted = (config.image_size, config.in_channels, config.classes)
    if wanted != (shape.image_size, shape.channels, shape.classes):
        raise DataError(
            f"{segment.trial.id}: the network takes (pixels, channels, classes) {wanted}, "
            f"the images are {(shape.image_size, shape.channels, shape.classes)}"
        )


@contextmanager
def isolated(device: Device) -> Iterator[None]:
    """Set what is global in torch and put it back: workers are reused between trials."""
    before = torch.get_num_threads()
    torch.set_num_threads(device.threads)
    devices = [device.torch_device] if device.torch_device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
            yield
    finally:
        torch.set_num_threads(before)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell; on CPUs torch raises a bare RuntimeError."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return "DefaultCPUAllocator" in str(error)


def prepare(segment: Segment, task: Task, device: Device, should_stop: Callable[[], bool]) -> Run:
    """Return what stays the same while a segment trains."""
    recipe, on_device = task.recipe, to_device(task.data, device.torch_device)
    drawn = images_of_epoch(on_device.count, recipe)
    steps = len(batch_bounds(drawn, recipe.batch_size))
    return Run(
        seed=segment.trial.seed,
        recipe=recipe,
        data=on_device,
        augment=Augment(recipe, classes=on_device.classes),
        schedule=make_schedule(recipe, epochs=segment.trial.epochs, steps_per_epoch=steps),
        device=device,
        precision=device.precision(recipe),
        should_stop=should_stop,
    )


def _train(
    state: TrialState,
    run: Run,
    segment: Segment,
    folder: Place,
    report: Callable[[EpochMeasured], None],
) -> None:
    saved = checkpoint.newest(folder)
    if saved is not None:
        state.restore(saved)
    if run.device.world_size > 1:
        agree(state.step)
    if run.device.writes:
        for measured in state.history[segment.acknowledged : segment.until_epoch]:
            report(replace(measured, attempt=segment.attempt))
    for epoch in range(state.epoch + 1, segment.until_epoch + 1):
        measured = _train_epoch(state, run, segment, epoch, folder)
        state.history.append(measured)
        if epoch % run.recipe.checkpoint_every == 0 or epoch == segment.until_epoch:
            state.save(folder, attempt=segment.attempt, writes=run.device.writes)
        if epoch > segment.acknowledged and run.device.writes:
            report(measured)


def _train_epoch(
    state: TrialState, run: Run, segment: Segment, epoch: int, folder: Place
) -> EpochMeasured:
    saved = time.monotonic()
    minutes, device = run.recipe.checkpoint_minutes, run.device

    def save_now_and_then(sums: Sums) -> None:
        nonlocal saved
        if minutes is None:
            return
        due = time.monotonic() - saved >= 60 * minutes
        if state.sharded:  # a checkpoint takes all of them
            due = first_says(due, device.torch_device)
        if due:
            state.save(folder, attempt=segment.attempt, sums=sums, writes=device.writes)
            saved = time.monotonic()

    sums = take_steps(state, run, epoch, after_step=save_now_and_then)
    started = time.monotonic()
    probe, evaluation = measure(state.model, run, name=f"epoch {epoch}: the")
    averaged_probe = averaged = None
    if state.average is not None:
        name = f"epoch {epoch}: the averaged weights'"
        averaged_probe, averaged = measure(state.average.module, run, name=name)
        if run.recipe.batch_statistics == "running":  # a study of 0.1 is read off raw weights
            averaged_probe = None
    state.seconds += sums.seconds + time.monotonic() - started
    return EpochMeasured(
        at=time.time(),
        trial_id=segment.trial.id,
        attempt=segment.attempt,
        epoch=epoch,
        step=state.step,
        samples=state.samples,
        seconds=state.seconds,
        learning_rate=sums.learning_rate,
        train_loss=sums.loss / sums.images,
        gradient_norm=sums.gradient_norm / sums.steps,
        probe_loss=probe.loss,
        probe_accuracy=probe.accuracy,
        evaluation_loss=evaluation.loss,
        evaluation_accuracy=evaluation.accuracy,
        ema_evaluation_accuracy=None if averaged is None else averaged.accuracy,
        ema_probe_loss=None if averaged_probe is None else averaged_probe.loss,
        probe_loss_error=probe.loss_error,
        evaluation_loss_error=evaluation.loss_error,
        evaluation_correct=evaluation.correct,
        ema_evaluation_correct=None if averaged is None else averaged.correct,
    )


def measure(model: nn.Module, run: Run, *, name: str) -> tuple[Measurement, Measurement]:
    """Measure on the probe and on the evaluation set.

    Raises:
        DivergedError: a loss is not finite; the message begins with `name`.
        StoppedError: the run should stop.
    """
    data = run.data
    how = {"normalize": data.normalize, "precision": run.precision, "between": run.go_on}
    if run.recipe.batch_statistics == "anew":
        estimate_statistics(model, data.probe, **how)
    probe, evaluation = (evaluate(model, each, **how) for each in (data.probe, data.evaluation))
    for what, found in (("probe", probe), ("evaluation", evaluation)):
        if not math.isfinite(found.loss):
            raise DivergedError(f"{name} {what} loss is {found.loss}")
    return probe, evaluation
