"""Training steps and inference of CoAtNet-0 at 224 px: ours against timm's, interleaved.

    python benchmarks/model_speed.py [--batch 8] [--rounds 8] [--profile]

Each network first runs in every setting that its library offers here (float32 or bfloat16
autocast; timm with its fused and its plain attention; on a GPU compiled); its fastest goes into
the run that counts, in which the networks take turns, step by step, so that whatever slows the
machine down meanwhile slows all. The best step of each counts. Needs ``pip install ".[test]"``
for timm.

A step is forward, cross-entropy, backward and fused AdamW. All maps lie channels last.

Bars: training at least 1.5 times timm's coatnet_0_224 and no slower than its coatnet_0_rw_224 (a
network of its author's own: deeper S3, SiLU, pooled strides, 27.4 M parameters) on CPUs, 1.3 times
the former on an H200.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).parents[1]))

import coatnet
from tests.timm_import import import_timm

SIZE = 224
WARM_UP = 3  # steps; the allocator and oneDNN settle
PEAK_FLOPS = {"NVIDIA H200": 989e12}  # dense bfloat16, from the maker's data sheet

# How a profile's operators are summed up; the first pattern that occurs in the name counts.
SHARES = {
    "depthwise convolution": ("conv_depthwise", "depthwise"),
    "other convolution": ("convolution", "conv2d", "cudnn", "implicit"),
    "matrix product": ("addmm", "::mm", "bmm", "gemm", "linear", "cutlass"),
    "attention": ("softmax", "attention", "flash", "fmha", "index_select"),
    "normalisation": ("batch_norm", "layer_norm", "bn_"),
    "activation": ("gelu", "silu", "sigmoid", "tanh"),
    "optimizer": ("adam",),
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a network is run."""

    dtype: torch.dtype
    fused_attention: bool = False

    def __str__(self) -> str:
        """Return it in words."""
        attention = ", fused attention" if self.fused_attention else ""
        return f"{str(self.dtype).removeprefix('torch.')}{attention}"


@dataclass(kw_only=True)
class Runner:
    """A network in one setting, with its best times in seconds."""

    name: str
    setting: Setting
    model: nn.Module
    inference_model: nn.Module
    optimizer: torch.optim.Optimizer
    best: dict[str, float] = field(default_factory=lambda: {"train": 1e9, "infer": 1e9})

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return the precision to run in."""
        return torch.autocast(
            device.type, self.setting.dtype, enabled=self.setting.dtype is not torch.float32
        )

    def train(self, images: torch.Tensor, targets: torch.Tensor) -> None:
        """Take one step."""
        self.model.train()
        with self.autocast(images.device):
            loss = cross_entropy(self.model(images).float(), targets)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    @torch.inference_mode()
    def infer(self, images: torch.Tensor) -> None:
        """Look at the images once."""
        self.inference_model.eval()
        with self.autocast(images.device):
            self.inference_model(images)


def ours(setting: Setting, device: torch.device) -> Runner:
    """Return CoAtNet-0, compiled block by block on a GPU; its norms are folded for inference."""
    model = coatnet.create("coatnet-0", seed=0).to(device, memory_format=torch.channels_last)
    folded = coatnet.folded(model)
    if device.type == "cuda":
        model.compile_blocks()
        folded.compile_blocks()
    return runner("ours coatnet-0", setting, model, folded)


def timms(name: str, setting: Setting, device: torch.device) -> Runner:
    """Return timm's network, compiled on a GPU."""
    timm = import_timm()
    timm.layers.set_fused_attn(setting.fused_attention)
    model: nn.Module = timm.create_model(name).to(device, memory_format=torch.channels_last)
    if device.type == "cuda":
        model = torch.compile(model)
    return runner(f"timm {name}", setting, model, model)


def runner(name: str, setting: Setting, model: nn.Module, inference_model: nn.Module) -> Runner:
    """Return the network with its optimizer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    return Runner(
        name=name,
        setting=setting,
        model=model,
        inference_model=inference_model,
        optimizer=optimizer,
    )


def settings(device: torch.device, *, attention: bool) -> list[Setting]:
    """Return what is worth a try: bfloat16 only where the processor computes in it."""
    dtypes = [torch.bfloat16] if device.type == "cuda" else [torch.float32]
    if device.type == "cpu" and any(flag in cpu_facts() for flag in ("avx512_bf16", "amx_bf16")):
        dtypes.append(torch.bfloat16)
    fused = (False, True) if attention else (False,)
    return [Setting(dtype=dtype, fused_attention=on) for dtype in dtypes for on in fused]


def timed(work: Callable[[], None], device: torch.device) -> float:
    """Return the seconds that `work` takes, on the device too."""
    wait(device)
    start = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - start


def wait(device: torch.device) -> None:
    """Let the GPU finish."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def fastest(
    build: Callable[[Setting], Runner],
    choices: list[Setting],
    images: torch.Tensor,
    targets: torch.Tensor,
) -> Runner:
    """Return the network in the setting with the fastest step of a few."""
    found: list[tuple[float, Runner]] = []
    for setting in choices:
        candidate = build(setting)
        steps = WARM_UP if len(choices) == 1 else WARM_UP + 2
        seconds = [
            timed(lambda c=candidate: c.train(images, targets), images.device) for _ in range(steps)
        ]
        print(f"  {candidate.name}, {setting}: {len(images) / min(seconds):.2f} images/s")
        found.append((min(seconds), candidate))
    return min(found, key=lambda entry: entry[0])[1]


def shares(runner: Runner, images: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    """Return which part of a training step each kind of operator takes."""
    on_gpu = images.device.type == "cuda"
    activities = [ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]
    with profile(activities=activities, record_shapes=not on_gpu) as recorded:
        for _ in range(3):
            runner.train(images, targets)
    sums: dict[str, float] = defaultdict(float)
    for event in recorded.key_averages(group_by_input_shape=not on_gpu):
        spent = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        sums[kind_of(event)] += spent
    total = sum(sums.values())
    return {kind: spent / total for kind, spent in sorted(sums.items(), key=lambda s: -s[1])}


def kind_of(event: torch.autograd.profiler_util.FunctionEventAvg) -> str:
    """Return what an operator is summed under."""
    name = event.key.lower()
    if "conv" in name and any(is_depthwise(shape) for shape in event.input_shapes or ()):
        return "depthwise convolution"
    for kind, patterns in SHARES.items():
        if any(pattern in name for pattern in patterns):
            return kind
    return "rest (additions, pooling, copies, ...)"


def is_depthwise(shape: object) -> bool:
    """Return whether a kernel has this shape."""
    return isinstance(shape, list) and len(shape) == 4 and shape[1:] == [1, 3, 3]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, help="images a step: 8, or 256 on a GPU")
    parser.add_argument("--rounds", type=int, default=8, help="turns of each network")
    parser.add_argument("--profile", action="store_true", help="what a step's time goes into")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batch = options.batch or (256 if device.type == "cuda" else 8)
    torch.manual_seed(0)
    images = torch.randn(batch, 3, SIZE, SIZE, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    targets = torch.randint(0, 1000, (batch,), device=device)
    print(f"{device_name(device)}, torch {torch.__version__}, batch {batch}; settings:")
    runners = [
        fastest(lambda s: ours(s, device), settings(device, attention=False), images, targets)
    ]
    runners += [
        fastest(
            lambda s, name=name: timms(name, s, device),
            settings(device, attention=True),
            images,
            targets,
        )
        for name in ("coatnet_0_224", "coatnet_0_rw_224")
    ]
    for _ in range(options.rounds):
        for each in runners:
            for kind, work in (
                ("train", lambda e=each: e.train(images, targets)),
                ("infer", lambda e=each: e.infer(images)),
            ):
                each.best[kind] = min(each.best[kind], timed(work, device))
    report(runners, batch, device)
    if options.profile:
        for each in runners:
            print(f"{each.name}, a training step:")
            for kind, share in shares(each, images, targets).items():
                print(f"  {share:6.1%}  {kind}")


def report(runners: list[Runner], batch: int, device: torch.device) -> None:
    """Print images a second, and ours over each of the others."""
    print(
        f"\n{'network':24} {'setting':26} {'train':>9} {'ours is':>8} {'infer':>9} {'ours is':>8}"
    )
    first = runners[0]
    for each in runners:
        line = f"{each.name:24} {each.setting!s:26}"
        for kind in ("train", "infer"):
            line += f" {batch / each.best[kind]:7.2f}/s {each.best[kind] / first.best[kind]:7.2f}x"
        print(line)
    peak = PEAK_FLOPS.get(torch.cuda.get_device_name()) if device.type == "cuda" else None
    if peak is not None:
        flops = 3 * 2 * coatnet.cost(coatnet.named("coatnet-0")).macs  # forward and twice back
        used = flops * batch / first.best["train"] / peak
        print(
            f"model FLOP utilisation of ours in training: {used:.1%} of {peak / 1e12:.0f} TFLOP/s"
        )


def device_name(device: torch.device) -> str:
    """Return what the numbers were measured on."""
    if device.type == "cuda":
        return torch.cuda.get_device_name()
    names = [line for line in cpu_facts().splitlines() if "model name" in line]
    model = names[0].partition(":")[2].strip() if names else "CPU"
    return f"{model}, {torch.get_num_threads()} threads"


def cpu_facts() -> str:
    """Return what Linux tells of the processor."""
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    main()
