"""One epoch of training images: gradients and the optimizer's steps."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch.nn import functional
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from coatnet.stochastic_depth import drawn_for
from nas.data.on_device import DeviceData
from nas.seeds import derive_seed
from nas.spec.recipe import TrainingSpec
from nas.training.augment import Augment
from nas.training.device import Device
from nas.training.distributed import add_up, shared_loss
from nas.training.optimizer import Schedule, parameters_of
from nas.training.order import epoch_order, images_of_epoch
from nas.training.sharding import whole
from nas.training.trial_state import TrialState
from nas.training.under_way import Sums, set_noise


class DivergedError(Exception):
    """A number was not finite; the message says which and where."""


class StoppedError(Exception):
    """The segment was asked to stop between two steps."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Run:
    """What stays the same while a segment trains."""

    seed: int
    recipe: TrainingSpec
    data: DeviceData
    augment: Augment
    schedule: Schedule
    device: Device
    precision: torch.dtype
    should_stop: Callable[[], bool]

    def go_on(self) -> None:
        """Ask, between two steps of training or of measuring.

        Raises:
            StoppedError: it should stop.
        """
        if self.should_stop():
            raise StoppedError


def nothing(_sums: Sums) -> None:
    """Do nothing between two steps."""


def take_steps(
    state: TrialState, run: Run, epoch: int, *, after_step: Callable[[Sums], None] = nothing
) -> Sums:
    """Train for an epoch, in the order that this seed has for it whatever the layout.

    One that is under way goes on behind the steps that were taken. `after_step` is called after
    each step but the last, with the sums so far.
    """
    recipe, seed, count = run.recipe, run.seed, run.data.count
    order = epoch_order(seed, epoch, count=count, drawn=images_of_epoch(count, recipe))
    chosen = [order[start:stop] for start, stop in batch_bounds(len(order), recipe.batch_size)]
    sums = _begin(state, run, epoch)
    before, started = sums.seconds, time.monotonic()
    state.model.train()
    done = sums.steps
    for index, (images, labels) in enumerate(run.data.train.batches(chosen[done:]), start=done):
        run.go_on()
        images, targets = run.augment(
            images, labels, seed=derive_seed(seed, "augment", epoch, index)
        )
        loss, norm = _accumulate_gradients(state, run, images, targets)
        _check_finite(epoch, state.step + 1, loss, norm)
        sums.learning_rate = run.schedule(state.step)
        _step(state, recipe, norm, sums.learning_rate)
        sums.loss += loss * len(labels)
        sums.gradient_norm += norm
        sums.images += len(labels)
        sums.steps += 1
        sums.seconds = before + time.monotonic() - started
        state.samples += len(labels)
        if sums.steps < len(chosen):
            after_step(sums)
    state.under_way = None
    return sums


def _begin(state: TrialState, run: Run, epoch: int) -> Sums:
    """Set the global stream, which drop path draws from, to where the epoch begins or goes on."""
    begun, device = state.under_way, run.device.torch_device
    if begun is None:
        torch.manual_seed(derive_seed(run.seed, "noise", epoch))
        return Sums()
    if not set_noise(begun.noise, device):  # another kind of device: equal noise there is none
        torch.manual_seed(derive_seed(run.seed, "noise", epoch, begun.sums.steps))
    return replace(begun.sums)


def batch_bounds(count: int, batch_size: int) -> list[tuple[int, int]]:
    """Return start and stop of each batch; a last one of one image has no batch statistics."""
    bounds = [(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
    start, stop = bounds[-1]
    return bounds[:-1] if stop - start == 1 and len(bounds) > 1 and batch_size > 1 else bounds


def _accumulate_gradients(
    state: TrialState, run: Run, images: torch.Tensor, targets: torch.Tensor
) -> tuple[float, float]:
    """Return the batch's mean loss and the norm of its gradient, in one wait for the device."""
    state.optimizer.zero_grad(set_to_none=True)
    device, count = targets.device, len(targets)
    parts = math.ceil(count * run.recipe.accumulate / run.recipe.batch_size)
    total = torch.zeros((), device=device)
    mixed = run.precision is torch.bfloat16
    for part_images, part_targets in zip(
        images.tensor_split(parts), targets.tensor_split(parts), strict=True
    ):
        rows = run.device.share(len(part_targets))
        with (
            drawn_for(len(part_targets), rows),
            torch.autocast(device.type, torch.bfloat16, enabled=mixed),
        ):
            logits = state.model(run.data.normalize(part_images[rows])).float()
        smoothing = run.recipe.label_smoothing
        if run.device.world_size > 1:
            loss = shared_loss(logits, part_targets[rows], count=count, smoothing=smoothing)
        else:
            loss = functional.cross_entropy(logits, part_targets, label_smoothing=smoothing) * (
                len(part_targets) / count
            )
        loss.backward()
        total += loss.detach()
    gradients = [p.grad for p in parameters_of(state.optimizer) if p.grad is not None]
    if run.device.world_size > 1:  # of sharded weights the gradients are summed already
        add_up([total] if state.sharded else [*gradients, total])
    norm = whole(get_total_norm(gradients, foreach=True)).to(device)
    loss_value, norm_value = torch.stack((total, norm)).tolist()
    return loss_value, norm_value


def _check_finite(epoch: int, step: int, loss: float, norm: float) -> None:
    for name, value in (("loss", loss), ("gradient norm", norm)):
        if not math.isfinite(value):
            raise DivergedError(f"epoch {epoch}, step {step}: the {name} is {value}")


def _step(state: TrialState, recipe: TrainingSpec, norm: float, learning_rate: float) -> None:
    if recipe.clip_norm is not None and norm > recipe.clip_norm:
        parameters = parameters_of(state.optimizer)
        clip_grads_with_norm_(parameters, recipe.clip_norm, torch.tensor(norm), foreach=True)
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate
    state.optimizer.step()
    state.step += 1
    if state.average is not None:
        state.average.update_parameters(state.model)
