"""Two and three processes train as one does: the same numbers up to the order of additions."""

import multiprocessing
import os
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nas.errors import SpecError
from nas.spec.recipe import TrainingSpec
from nas.spec.resources import Strategy
from nas.study.records import Outcome, Segment
from nas.training import checkpoint, sharding
from nas.training.device import Device
from nas.training.distributed import joined, share_batch_norms
from nas.training.group import Group
from nas.training.loop import train_segment
from nas.training.task import Task
from tests.nas.tiny import make_data, make_trial

EPOCHS = 3
RECIPE = {
    "epochs": EPOCHS,
    "batch_size": 10,  # of 37 images: does not divide by 3, nor does what is left over
    "warmup_epochs": 0.5,
    "accumulate": 2,
    "drop_path": 0.3,
    "ema_decay": 0.9,
    "label_smoothing": 0.1,
    "mixup": 0.2,
    "crop_padding": 1,
    "flip": True,
    "precision": "fp32",
}


# What a normalization or a softmax takes away again moves no output: its gradient is rounding, of
# which AdamW makes whole steps. Means follow the biases before them.
NO_MATTER = ("stem.0.bias", "pre_norm.bias", "qkv.bias", "running_mean")


def task():
    return Task(data=make_data(37), recipe=TrainingSpec(**RECIPE))


def segment(until: int, *, acknowledged: int = 0, attempt: int = 1) -> Segment:
    return Segment(
        trial=replace(make_trial(), epochs=EPOCHS),
        attempt=attempt,
        acknowledged=acknowledged,
        until_epoch=until,
    )


def train(
    folder: Path,
    group: Group,
    until: int,
    acknowledged: int,
    strategy: Strategy = "ddp",
    least: int = 300,  # of these networks: a block, but not a normalization
) -> list:
    """Train in this process, one of a group; return the epochs that it reports."""
    torch.set_num_threads(1)
    sharding.LEAST = least
    device = Device(
        torch_device=torch.device("cpu"),
        rank=group.rank,
        world_size=group.size,
        strategy=strategy,
    )
    reported: list = []
    with joined(group, device.torch_device):
        ended = train_segment(
            segment(until, acknowledged=acknowledged),
            task=task(),
            folder=folder,
            device=device,
            report=reported.append,
        )
    assert ended.outcome in (Outcome.FINISHED, Outcome.REACHED)
    return reported


def run(*given) -> None:
    train(*given)


def group_of(size: int) -> Group:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Group(address=f"127.0.0.1:{probe.getsockname()[1]}", size=size)


def train_in(
    size: int,
    folder: Path,
    until: int = EPOCHS,
    acknowledged: int = 0,
    strategy: Strategy = "ddp",
) -> list:
    """Train in so many processes, of which this is the first."""
    group = group_of(size)
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(
            target=run, args=(folder, replace(group, rank=rank), until, acknowledged, strategy)
        )
        for rank in range(1, size)
    ]
    for each in others:
        each.start()
    reported = train(folder, group, until, acknowledged, strategy)
    for each in others:
        each.join(60)
        assert each.exitcode == 0
    return reported


def numbers(epochs: list) -> np.ndarray:
    names = ("train_loss", "gradient_norm", "probe_loss", "evaluation_loss", "evaluation_accuracy")
    return np.array([[getattr(epoch, name) for name in names] for epoch in epochs])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found = checkpoint.newest(folder)
    assert found is not None
    return found.tensors


def assert_same(folder: Path, alone: Path) -> None:
    one, other = weights(alone), weights(folder)
    assert one.keys() == other.keys()
    compared = [name for name in one if not name.endswith(NO_MATTER) and "optimizer" not in name]
    assert len(compared) > 50
    for name in compared:
        torch.testing.assert_close(other[name], one[name], rtol=1e-5, atol=2e-6, msg=name)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    return folder, train(folder, Group(address=""), EPOCHS, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "strategy"), [(2, "ddp"), (3, "ddp"), (2, "fsdp"), (3, "fsdp")])
def test_several_train_as_one_does(size, strategy, alone, tmp_path):
    folder, epochs = alone
    found = train_in(size, tmp_path, strategy=strategy)
    assert [each.epoch for each in found] == [1, 2, 3]
    assert numbers(found) == pytest.approx(numbers(epochs), rel=1e-5, abs=1e-6)
    assert [(each.step, each.samples) for each in found] == [
        (each.step, each.samples) for each in epochs
    ]
    assert_same(tmp_path, folder)


@pytest.mark.slow
def test_a_trial_goes_on_with_another_number_of_workers(alone, tmp_path):
    folder, epochs = alone
    found = []
    for until, size, strategy in ((1, 3, "fsdp"), (2, 1, "ddp"), (3, 2, "fsdp")):
        found += train_in(size, tmp_path, until, until - 1, strategy)
    assert numbers(found) == pytest.approx(numbers(epochs), rel=1e-5, abs=1e-6)
    assert_same(tmp_path, folder)


def dies(folder: Path, group: Group) -> None:
    """Be a worker that is killed in the middle of an epoch."""
    steps = iter(range(100))

    def stop() -> bool:
        if next(steps) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    device = Device(torch_device=torch.device("cpu"), rank=group.rank, world_size=group.size)
    with joined(group, device.torch_device):
        train_segment(
            segment(EPOCHS),
            task=task(),
            folder=folder,
            device=device,
            report=print,
            should_stop=stop,
        )


@pytest.mark.slow
def test_a_worker_that_dies_ends_the_others_at_once_and_the_next_attempt_is_as_good(
    alone, tmp_path
):
    _, epochs = alone
    group = group_of(2)
    other = multiprocessing.get_context("spawn").Process(
        target=dies, args=(tmp_path, replace(group, rank=1))
    )
    other.start()
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match=r"[Cc]onnection"):
        train(tmp_path, group, EPOCHS, 0)
    assert time.monotonic() - begun < 60
    other.join()
    found = train_in(2, tmp_path)
    assert numbers(found) == pytest.approx(numbers(epochs), rel=1e-5, abs=1e-6)


def test_normalization_of_another_kind_is_refused():
    with pytest.raises(SpecError, match=r"resources\.workers: must be 1: BatchNorm1d"):
        share_batch_norms(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm1d(2)))
