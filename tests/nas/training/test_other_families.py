"""Networks of other families train as ours do: from a seed, resumed bit by bit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from nas.study.records import BaselineConfig, Outcome
from nas.training import checkpoint
from nas.training.trial_state import load_weights, start
from tests.nas.networks.test_baseline import NFNET, TINY_CVT, VIT
from tests.nas.tiny import CPU
from tests.nas.training.test_loop import NOISY, assert_same_end, numbers

pytestmark = pytest.mark.slow


def names(config: BaselineConfig) -> str:
    return config.network


@pytest.mark.parametrize("config", [VIT, NFNET, TINY_CVT], ids=names)
def test_resumed_equals_straight_bit_by_bit(
    training: Callable, make_trial: Callable, config: BaselineConfig
) -> None:
    trial = replace(make_trial(epochs=2), config=config)
    recipe = {**NOISY, "epochs": 2}
    straight = training("straight", trial=trial, **recipe)
    resumed = training("resumed", trial=trial, **recipe)
    assert straight.run(2).outcome is Outcome.FINISHED
    resumed.run(1)
    torch.manual_seed(99)
    resumed.run(2)
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(resumed.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, resumed.reported)]
    model = load_weights(straight.folder, config, ema=True)
    assert not model.training
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 3)


def test_the_seed_and_a_twin_draw_other_weights(make_trial: Callable, training: Callable) -> None:
    recipe = training().recipe
    trial = replace(make_trial(), config=VIT)
    one, twin = (
        start(
            each,
            recipe=recipe,
            data_fingerprint="d",
            device=CPU,
        )
        for each in (trial, replace(trial, twin=True))
    )
    assert one.identity != twin.identity
    assert not torch.equal(one.model.head.weight, twin.model.head.weight)
