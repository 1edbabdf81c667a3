"""AdamW in two groups and its learning rate, both restored from nothing but tensors and a step."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.optim import AdamW

from nas.spec.recipe import TrainingSpec
from nas.training.sharding import put, whole

MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Linear warm-up to `peak`, then down to `floor` at the last step (paper, Table 10)."""

    kind: Literal["cosine", "linear", "constant"]
    peak: float
    floor: float
    warmup_steps: int
    total_steps: int

    def __call__(self, step: int) -> float:
        """Return the learning rate of the optimizer step `step`, counted from 0."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / self.warmup_steps
        if self.kind == "constant":
            return self.peak
        remaining = max(self.total_steps - self.warmup_steps, 1)
        progress = min((step + 1 - self.warmup_steps) / remaining, 1.0)
        if self.kind == "linear":
            return self.peak + (self.floor - self.peak) * progress
        return self.floor + (self.peak - self.floor) * (1 + math.cos(math.pi * progress)) / 2


def make_schedule(recipe: TrainingSpec, *, epochs: int, steps_per_epoch: int) -> Schedule:
    """Return the recipe's schedule over `epochs` epochs."""
    return Schedule(
        kind=recipe.schedule,
        peak=recipe.learning_rate,
        floor=recipe.min_learning_rate,
        warmup_steps=round(recipe.warmup_epochs * steps_per_epoch),
        total_steps=epochs * steps_per_epoch,
    )


def make_optimizer(model: nn.Module, recipe: TrainingSpec, *, undecayed: frozenset[str]) -> AdamW:
    """Return AdamW; the parameters named in `undecayed` (norms, biases) keep their weight."""
    named = dict(model.named_parameters())
    assert undecayed <= named.keys(), f"no such parameters: {sorted(undecayed - named.keys())}"
    decayed = [parameter for name, parameter in named.items() if name not in undecayed]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": [named[name] for name in named if name in undecayed], "weight_decay": 0.0},
    ]
    return AdamW(
        [group for group in groups if group["params"]],
        lr=recipe.learning_rate,
        betas=recipe.betas,
        eps=recipe.epsilon,
        fused=True,  # one kernel a group: a third of the step's time for small networks on CPUs
    )


def parameters_of(optimizer: AdamW) -> list[nn.Parameter]:
    """Return all parameters, group by group."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def dump_moments(optimizer: AdamW) -> dict[str, torch.Tensor]:
    """Return the optimizer's memory as three flat tensors; empty before the first step.

    A parameter that took part in no step, which networks of other families may have, has zeros.
    """
    states = [(each, optimizer.state[each]) for each in parameters_of(optimizer)]
    begun = next((state for _, state in states if state), None)
    if begun is None:
        return {}
    flat = {
        name: torch.cat([whole(s.get(name, torch.zeros_like(p))).flatten() for p, s in states])
        for name in MOMENTS
    }
    never = torch.zeros_like(begun["step"])
    return {**flat, "step": torch.stack([state.get("step", never) for _, state in states])}


def load_moments(optimizer: AdamW, tensors: dict[str, torch.Tensor]) -> None:
    """Restore what `dump_moments` returned.

    The moments get the memory layout of their parameter: the fused kernels walk both as one array,
    and `Optimizer.load_state_dict` would keep the layout of the file.
    """
    if not tensors:
        return
    offset = 0
    for index, parameter in enumerate(parameters_of(optimizer)):
        part = slice(offset, offset + parameter.numel())
        offset = part.stop
        if tensors["step"][index] == 0:
            continue
        state = optimizer.state[parameter]
        state["step"] = tensors["step"][index].to(parameter.device, copy=True)
        for name in MOMENTS:
            moment = torch.empty_like(parameter, requires_grad=False)
            put(moment, tensors[name][part].view(parameter.shape))
            state[name] = moment
