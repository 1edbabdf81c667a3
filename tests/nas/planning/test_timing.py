"""Real steps of tiny networks, and a clock of our own that says how they are scaled."""

import itertools
from dataclasses import replace

import pytest
import torch

from nas.data.load import load
from nas.errors import NasError
from nas.planning import timing
from nas.planning.shapes import shapes_of
from nas.planning.timing import time_shapes, time_trial
from nas.spec.recipe import TrainingSpec
from nas.spec.study import DataSpec, ResourcesSpec
from nas.training.task import Task
from tests.nas.builders import TINY, trial
from tests.nas.tiny import CPU, make_data, make_trial

RECIPE = TrainingSpec(epochs=4, batch_size=8)


def test_an_epoch_is_scaled_from_the_steps_and_images_that_were_timed(monkeypatch):
    monkeypatch.setattr(timing, "BUDGET", 0.0)  # the least: three steps
    monkeypatch.setattr(timing, "LEAST_IMAGES", 6)
    data = make_data(48)
    # Every reading of the clock is a second after the last.
    clock = itertools.count().__next__
    found = time_trial(make_trial(), Task(data=data, recipe=RECIPE), CPU, clock=clock)
    probe, evaluation = len(data.probe_indices), data.evaluation.count
    steps = 1.0 * 48 / (3 * 8)
    measuring = 1.0 * (2 * probe + evaluation) / (2 * 6 + 6)
    assert found.epoch == pytest.approx(steps + measuring)
    assert (found.start, found.save, found.peak_bytes) == (1.0, 1.0, None)


def test_an_average_is_measured_too(monkeypatch):
    monkeypatch.setattr(timing, "BUDGET", 0.0)
    clock = itertools.count().__next__
    task = Task(data=make_data(48), recipe=RECIPE)
    plain = time_trial(make_trial(), task, CPU, clock=clock)
    averaged = Task(data=task.data, recipe=RECIPE.model_copy(update={"ema_decay": 0.9}))
    assert time_trial(make_trial(), averaged, CPU, clock=clock).epoch == plain.epoch + 1.0


def test_a_batch_too_slow_for_a_cpu_is_timed_on_a_few_of_its_images(monkeypatch):
    monkeypatch.setattr(timing, "BUDGET", 0.0)
    steps: list[int] = []
    real = timing.take_steps

    def counted(state, run, epoch):
        sums = real(state, run, epoch)
        steps.append(sums.images // sums.steps)
        return sums

    monkeypatch.setattr(timing, "take_steps", counted)
    # Every reading is a second after the last: half a second an image, and 16 of them above LONG.
    clock = itertools.count().__next__
    slow = RECIPE.model_copy(update={"batch_size": 16, "accumulate": 2})
    found = time_trial(make_trial(), Task(data=make_data(48), recipe=slow), CPU, clock=clock)
    assert (found.batch, set(steps)) == (2, {2})
    assert found.epoch > 1.0 * 48 / (3 * 2)  # of three steps of two images in a second
    steps.clear()
    few = RECIPE.model_copy(update={"batch_size": 8})
    assert time_trial(make_trial(), Task(data=make_data(48), recipe=few), CPU).batch is None
    assert set(steps) == {2, 8}


def test_what_is_global_in_torch_stays():
    before, state = torch.get_num_threads(), torch.random.get_rng_state()
    time_trial(make_trial(), Task(data=make_data(16), recipe=RECIPE), replace(CPU, threads=1))
    assert torch.get_num_threads() == before
    assert torch.equal(torch.random.get_rng_state(), state)


def test_too_little_memory_is_one_line(monkeypatch):
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(timing, "take_steps", full)
    with pytest.raises(NasError, match=r"C-T: a step of 8 images does not fit .*\.batch_size or"):
        time_trial(make_trial(), Task(data=make_data(16), recipe=RECIPE), CPU)


def test_a_gpu_that_is_not_there_is_one_line():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    shapes = shapes_of([make_trial()])
    with pytest.raises(NasError, match="has none that torch can use"):
        time_shapes(shapes, Task(data=make_data(16), recipe=RECIPE), ResourcesSpec(gpus=1))


@pytest.mark.slow
def test_real_networks_are_measured_beside_a_neighbour():
    said: list[str] = []
    shapes = shapes_of([make_trial("C-C"), make_trial("C-T")])
    task = Task(data=make_data(38), recipe=RECIPE)
    found = time_shapes(shapes, task, ResourcesSpec(), neighbours=1, say=said.append)
    assert said == [
        "C-C, round 1 of 2",
        "C-T, round 1 of 2",
        "C-T, round 2 of 2",
        "C-C, round 2 of 2",
    ]
    assert [len(rounds) for rounds in found.timed] == [2, 2]
    assert all(0 < timed.epoch < 60 for rounds in found.timed for timed in rounds)
    assert found.memory_bytes > found.peak_bytes >= found.base_bytes > 0
    assert (found.device, found.neighbours) == ("CPU, 1 thread a trial", 1)


def test_a_network_is_timed_on_images_of_its_own_size():
    data = load(DataSpec(image_size=12, train=32, probe=8, evaluation=16), sizes=(8,))
    found = time_trial(trial(config=TINY), Task(data=data, recipe=RECIPE), CPU)
    assert found.epoch > 0
