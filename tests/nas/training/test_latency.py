"""Modules take turns; a clock of our own says whose seconds are whose."""

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import nn

from nas.errors import NasError
from nas.training import latency
from nas.training.device import Device
from nas.training.latency import PASSES, WARM_PASSES, Subject, device_name, time_modules
from tests.nas.tiny import CPU


@dataclass
class Watch:
    """A clock that forward passes move on, and who passed."""

    now: float = 0.0
    passed: list[str] = field(default_factory=list)
    modes: set[tuple[bool, bool, torch.Size, bool]] = field(default_factory=set)

    def __call__(self) -> float:
        return self.now


class Slow(nn.Module):
    """Takes as long as it is told."""

    def __init__(self, watch: Watch, name: str, seconds: itertools.cycle) -> None:
        super().__init__()
        self.watch, self.name, self.seconds = watch, name, seconds

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        last = x_bchw.is_contiguous(memory_format=torch.channels_last)
        self.watch.modes.add((self.training, torch.is_grad_enabled(), x_bchw.shape, last))
        self.watch.passed.append(self.name)
        self.watch.now += next(self.seconds)
        return x_bchw


def subject(watch: Watch, name: str, *seconds: float, parameters: int = 1) -> Subject:
    return Subject(
        name=name,
        build=lambda: Slow(watch, name, itertools.cycle(seconds)),
        input=(3, 4, 5),
        parameters=parameters,
    )


def test_all_take_turns_in_an_order_drawn_anew():
    watch, turns, names = Watch(), 12, "abcd"
    subjects = [subject(watch, name, 1.0) for name in names]
    time_modules(subjects, CPU, turns=turns, clock=watch)
    warm, rest = watch.passed[: 4 * WARM_PASSES], watch.passed[4 * WARM_PASSES :]
    assert Counter(warm) == dict.fromkeys(names, WARM_PASSES)
    turn = 1 + PASSES
    in_turn = [rest[place : place + turn] for place in range(0, len(rest), turn)]
    assert all(len(set(each)) == 1 for each in in_turn)
    rounds = ["".join(each[0] for each in in_turn[k : k + 4]) for k in range(0, 4 * turns, 4)]
    assert len(rounds) == turns
    assert all(sorted(each) == list(names) for each in rounds)
    assert len(set(rounds)) > turns / 2
    assert watch.modes == {(False, False, torch.Size((1, 3, 4, 5)), True)}


def test_a_turn_is_the_median_of_its_passes_but_the_first():
    watch = Watch()
    warm = [50.0] * WARM_PASSES
    first, second = [90.0, 1.0, 7.0, 2.0], [90.0, 4.0, 3.0, 80.0]
    found = time_modules(
        [subject(watch, "a", *warm, *first, *second), subject(watch, "b", 5.0)],
        CPU,
        turns=2,
        clock=watch,
    )
    assert found == ((2.0, 4.0), (5.0, 5.0))


def test_those_that_do_not_fit_together_are_measured_group_by_group(monkeypatch):
    monkeypatch.setattr(latency, "TOGETHER", 10)
    watch, said = Watch(), []
    subjects = [subject(watch, name, 1.0, parameters=6) for name in "ab"]
    subjects.append(subject(watch, "c", 3.0, parameters=99))
    found = time_modules(subjects, CPU, turns=2, say=said.append, clock=watch)
    assert found == ((1.0, 1.0), (1.0, 1.0), (3.0, 3.0))
    assert said == ["1 of 3, 2 turns each"] * 3
    assert len(list(itertools.groupby(watch.passed))) == 3


def test_a_batch_is_of_so_many_images():
    watch = Watch()
    time_modules([subject(watch, "a", 1.0)], CPU, batch=5, turns=1, clock=watch)
    assert {shape for _, _, shape, _ in watch.modes} == {torch.Size((5, 3, 4, 5))}


def test_too_little_memory_is_one_line():
    def full() -> nn.Module:
        raise MemoryError

    large = replace(subject(Watch(), "C-T", 1.0), build=full)
    with pytest.raises(NasError, match=r"^C-T: 64 images do not fit .*: lower --batch$"):
        time_modules([large], CPU, batch=64)


def test_a_gpu_that_is_not_there_is_one_line():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    gpu = Device(torch_device=torch.device("cuda"))
    with pytest.raises(NasError, match="has no GPU that torch can use"):
        time_modules([subject(Watch(), "a", 1.0)], gpu)


def test_what_is_global_in_torch_stays_and_real_time_passes():
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    real = Subject(name="a", build=lambda: nn.Conv2d(3, 4, 3), input=(3, 8, 8), parameters=112)
    ((first, *_),) = time_modules([real], replace(CPU, threads=1), turns=2)
    assert first > 0
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_a_processor_is_named_with_its_threads():
    assert device_name(CPU).endswith(", 1 thread")
    assert device_name(replace(CPU, threads=2)).endswith(", 2 threads")
    assert len(device_name(CPU)) > len(", 1 thread")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_its_work_is_waited_for():
    gpu = Device(torch_device=torch.device("cuda"))
    small, large = (
        Subject(name=str(n), build=lambda: nn.Conv2d(64, 64, 3), input=(64, n, n), parameters=1)
        for n in (8, 1024)
    )
    fast, slow = time_modules([small, large], gpu, batch=8, turns=6)
    assert 2 * min(fast) < min(slow)
    assert device_name(gpu) == torch.cuda.get_device_name()
