"""The lines of `benchmarks.gpu` that need a network alone: equality, speed, seeds side by side."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.func import (
    functional_call,
    grad,
    replace_all_batch_norm_modules_,
    stack_module_state,
    vmap,
)
from torch.nn.functional import cross_entropy

import coatnet
from benchmarks import model_speed
from benchmarks.model_speed import Runner, Setting, timed, wait
from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig

SEEDS = 16
TOLERANCES = {"logits": 1e-4, "loss": 1e-5, "gradients": 1e-3}  # relative to the largest


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One number; `goal` is empty where there is none, and `met` None where none was tried."""

    what: str
    found: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How much is done: all of it on a card, next to nothing to see that it works."""

    device: torch.device
    network: str = "coatnet-0"
    rivals: tuple[str, ...] = ("coatnet_0_rw_224", "coatnet_0_224")
    batch: int = 256  # images of a step of the network
    rounds: int = 8
    steps: int = 100  # of each of the seeds
    small: bool = False


def tiny(size: int = 28) -> CoAtNetConfig:
    """Return a layout such as a study of many seeds trains."""
    return CoAtNetConfig(
        stem=StemConfig(width=16, depth=1),
        stages=(
            StageConfig(block=BlockType.CONVOLUTION, depth=1, width=24),
            StageConfig(block=BlockType.TRANSFORMER, depth=1, width=48),
        ),
        head_size=8,
        image_size=size,
        in_channels=1,
        classes=10,
    )


def made(config: CoAtNetConfig, *, seed: int = 0) -> nn.Module:
    """Return a network with drawn weights."""
    torch.manual_seed(seed)
    return coatnet.CoAtNet(config).train()


def equality(scale: Scale) -> list[Line]:
    """Compare a step on the device with the same on the CPU in double precision."""
    config = tiny()
    images, targets = torch.randn(32, 1, 28, 28), torch.arange(32) % 10
    found = []
    for device, dtype in ((torch.device("cpu"), torch.float64), (scale.device, torch.float32)):
        model = made(config).to(device, dtype)
        logits = model(images.to(device, dtype))
        loss = cross_entropy(logits, targets.to(device))
        loss.backward()
        gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        every = {"logits": logits, "loss": loss, "gradients": gradients}
        found.append({name: of.detach().cpu().double() for name, of in every.items()})
    lines = []
    for name, tolerance in TOLERANCES.items():
        exact, other = (each[name] for each in found)
        error = ((exact - other).abs().max() / exact.abs().max()).item()
        lines.append(
            Line(
                what=f"{name} in float32 against float64 on the CPU, largest relative error",
                found=f"{error:.1e}",
                goal=f"<= {tolerance:g}",
                met=error <= tolerance,
            )
        )
    return lines


def speed(scale: Scale) -> list[Line]:
    """Time training steps of the network, eager and compiled, and timm's, taking turns."""
    device, cuda = scale.device, scale.device.type == "cuda"
    setting = Setting(dtype=torch.bfloat16 if cuda else torch.float32)
    runners = [_ours(scale, setting, compiled=False)]
    if cuda:
        runners.append(_ours(scale, setting, compiled=True))
    runners += [
        model_speed.timms(name, Setting(dtype=setting.dtype, fused_attention=True), device)
        for name in scale.rivals
    ]
    images = torch.randn(scale.batch, 3, 224, 224, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    targets = torch.randint(0, 1000, (scale.batch,), device=device)
    for _ in range(scale.rounds):
        for each in runners:
            seconds = timed(lambda e=each: e.train(images, targets), device)
            each.best["train"] = min(each.best["train"], seconds)
    rates = {each.name: scale.batch / each.best["train"] for each in runners}
    lines = [
        Line(what=f"{name}, {setting}, images/s training", found=f"{rate:,.1f}")
        for name, rate in rates.items()
    ]
    first = rates.get("ours compiled", rates["ours eager"])
    best = max(rates[f"timm {name}"] for name in scale.rivals)
    lines.append(_ratio("ours over the faster of timm's", first / best, 1.3, tried=cuda))
    if cuda:
        lines.append(_ratio("ours compiled over eager", first / rates["ours eager"], 3.0))
        lines.append(
            Line(
                what="ours compiled", found=f"{first:,.0f}/s", goal=">= 3,300/s", met=first >= 3300
            )
        )
        lines += _utilisation(scale, first)
    return lines


def _ours(scale: Scale, setting: Setting, *, compiled: bool) -> Runner:
    model = coatnet.create(scale.network, seed=0)
    model = model.to(scale.device, memory_format=torch.channels_last)
    if compiled:
        model.compile_blocks()
    word = "compiled" if compiled else "eager"
    return model_speed.runner(f"ours {word}", setting, model, model)


def _utilisation(scale: Scale, rate: float) -> list[Line]:
    name = torch.cuda.get_device_name()
    peak = {**model_speed.PEAK_FLOPS, "NVIDIA H100 80GB HBM3": 989e12}.get(name)
    if peak is None:
        return []
    flops = 3 * 2 * coatnet.cost(coatnet.named(scale.network)).macs  # forward, and twice back
    return [Line(what=f"model FLOP utilisation on {name}", found=f"{flops * rate / peak:.1%}")]


def _ratio(what: str, found: float, goal: float, *, tried: bool = True) -> Line:
    return Line(
        what=what,
        found=f"{found:.2f} times",
        goal=f">= {goal:g} times" if tried else "",
        met=found >= goal if tried else None,
    )


def seeds(scale: Scale) -> list[Line]:
    """Time one seed of a tiny layout, and sixteen: as processes on one device, and by `vmap`."""
    alone = trained(0, scale.steps, str(scale.device))
    begun = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    at_once = 2 if scale.small else SEEDS
    with context.Pool(at_once) as pool:
        packed = pool.starmap(
            trained, [(seed, scale.steps, str(scale.device)) for seed in range(SEEDS)]
        )
    wall = time.perf_counter() - begun
    together = trained_together(scale.steps, scale.device)
    goal = scale.device.type == "cuda"
    lines = [Line(what=f"{scale.steps} steps of one seed, s", found=f"{alone:.2f}")]
    for word, seconds in (
        (f"{SEEDS} processes, {at_once} at once, the slowest", max(packed)),
        (f"{SEEDS} processes with their start", wall),
        (f"{SEEDS} seeds by vmap", together),
    ):
        lines.append(
            Line(
                what=f"{word}, of one seed's time",
                found=f"{seconds / alone:.1f} times",
                goal="<= 2 times" if goal else "",
                met=seconds <= 2 * alone if goal else None,
            )
        )
    return lines


def _batch(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(64, 1, 28, 28, device=device), torch.arange(64, device=device) % 10


def trained(seed: int, steps: int, device_name: str) -> float:
    """Return the seconds of some steps of one seed."""
    device = torch.device(device_name)
    if device.type == "cpu":
        torch.set_num_threads(1)
    model = made(tiny(), seed=seed).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    images, targets = _batch(device)

    def step() -> None:
        cross_entropy(model(images), targets).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return _timed_steps(step, steps, device)


def trained_together(steps: int, device: torch.device) -> float:
    """Return the seconds of as many steps of all seeds in one call each."""
    models = [
        replace_all_batch_norm_modules_(made(tiny(), seed=seed).to(device)) for seed in range(SEEDS)
    ]
    parameters, buffers = stack_module_state(models)
    skeleton = made(tiny()).to(device)
    replace_all_batch_norm_modules_(skeleton)
    images, targets = _batch(device)

    def loss(weights: Any, kept: Any) -> torch.Tensor:
        return cross_entropy(functional_call(skeleton, (weights, kept), (images,)), targets)

    slopes = vmap(grad(loss), randomness="different")
    leaves = [each.requires_grad_() for each in parameters.values()]
    optimizer = torch.optim.AdamW(leaves, lr=1e-3, fused=True)

    def step() -> None:
        found = slopes({name: each.detach() for name, each in parameters.items()}, buffers)
        for name, each in parameters.items():
            each.grad = found[name]
        optimizer.step()

    return _timed_steps(step, steps, device)


def _timed_steps(step: Callable[[], None], steps: int, device: torch.device) -> float:
    for _ in range(3):
        step()
    wait(device)
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    wait(device)
    return time.perf_counter() - begun
