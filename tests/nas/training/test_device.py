"""What the loop reads off its device: precision, who writes, and whether weights are shared out."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from nas.spec.recipe import TrainingSpec
from nas.spec.resources import Strategy
from nas.spec.study import ResourcesSpec
from nas.training.device import Device

CPU, CUDA = (Device(torch_device=torch.device(kind)) for kind in ("cpu", "cuda"))


@pytest.mark.parametrize(("gpus", "kind"), [(0.0, "cpu"), (0.5, "cuda"), (1.0, "cuda")])
def test_of_resources(gpus: float, kind: str) -> None:
    device = Device.of(ResourcesSpec(gpus=gpus, threads=3))
    assert device == Device(torch_device=torch.device(kind), threads=3, rank=0, world_size=1)


@pytest.mark.parametrize(
    ("asked", "on_cpu", "on_gpu"),
    [
        ("auto", torch.float32, torch.bfloat16),
        ("bf16", torch.bfloat16, torch.bfloat16),
        ("fp32", torch.float32, torch.float32),
    ],
)
def test_precision(asked: str, on_cpu: torch.dtype, on_gpu: torch.dtype) -> None:
    recipe = TrainingSpec(precision=asked)
    assert (CPU.precision(recipe), CUDA.precision(recipe)) == (on_cpu, on_gpu)


def test_the_first_process_alone_writes(training: Callable) -> None:
    first, second = training("first"), training("second")
    second.device = replace(CPU, rank=1)
    assert first.run(2).outcome == second.run(2).outcome
    assert [epoch.epoch for epoch in first.reported] == [1, 2]
    assert any(first.folder.iterdir())
    assert second.reported == []
    assert not second.folder.exists()


def test_another_process_reports_no_epoch_of_before(training: Callable) -> None:
    made = training()
    made.run(2)
    made.device = replace(CPU, rank=1)
    files = sorted(made.folder.iterdir())
    made.run(3, acknowledged=0)
    assert [epoch.epoch for epoch in made.reported] == [1, 2]
    assert sorted(made.folder.iterdir()) == files


def test_several_processes_that_have_not_met_train_nothing(training: Callable) -> None:
    made = training()
    made.device = replace(CPU, world_size=2)
    with pytest.raises(ValueError, match="process group has not been initialized"):
        made.run(1)


def test_threads_are_those_of_the_device_and_put_back(training: Callable) -> None:
    made, seen = training(), []
    made.device = replace(CPU, threads=2)
    made.run(1, report=lambda _: seen.append(torch.get_num_threads()))
    assert seen == [2]
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(
    ("workers", "strategy", "parameters", "expected"),
    [
        (1, "fsdp", 10**9, False),
        (2, "ddp", 10**9, False),
        (2, "fsdp", 1, True),
        (2, "auto", 168_000_000, False),  # CoAtNet-3
        (2, "auto", 275_000_000, True),  # CoAtNet-4
    ],
)
def test_large_networks_of_several_processes_are_shared_out(
    workers: int, strategy: Strategy, parameters: int, expected: bool
) -> None:
    device = replace(CPU, world_size=workers, strategy=strategy)
    assert device.shards(parameters) is expected
