"""The schedule's values, the groups, and moments that go to a file and back."""

import math

import pytest
import torch
from torch import nn

from nas.spec.recipe import TrainingSpec
from nas.training.optimizer import (
    Schedule,
    dump_moments,
    load_moments,
    make_optimizer,
    make_schedule,
)


def schedule(kind: str, *, warmup: int = 4, total: int = 12) -> Schedule:
    return Schedule(kind=kind, peak=1.0, floor=0.1, warmup_steps=warmup, total_steps=total)


@pytest.mark.parametrize("kind", ["cosine", "linear", "constant"])
def test_warm_up_is_linear(kind: str) -> None:
    assert [schedule(kind)(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


def test_after_the_warm_up() -> None:
    assert schedule("linear")(7) == pytest.approx(0.55)
    assert schedule("linear")(11) == pytest.approx(0.1)
    assert schedule("cosine")(7) == pytest.approx(0.55)
    assert schedule("cosine")(5) == pytest.approx(0.1 + 0.45 * (1 + math.cos(math.pi / 4)))
    assert schedule("cosine")(11) == pytest.approx(0.1)
    assert schedule("constant")(11) == 1.0


def test_never_below_the_floor_nor_without_warm_up() -> None:
    assert schedule("cosine")(50) == pytest.approx(0.1)
    assert schedule("linear", warmup=0)(0) == pytest.approx(1 - 0.9 / 12)


def test_schedule_of_a_recipe() -> None:
    made = make_schedule(TrainingSpec(warmup_epochs=1.5), epochs=15, steps_per_epoch=10)
    assert (made.warmup_steps, made.total_steps) == (15, 150)
    assert made(14) == 1e-3
    assert made(149) == pytest.approx(1e-5)


def net() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    return model.to(memory_format=torch.channels_last)


def test_only_matrices_decay() -> None:
    model = net()
    undecayed = frozenset({"0.bias", "1.weight", "1.bias", "3.bias"})
    recipe = TrainingSpec(weight_decay=0.5, learning_rate=0.1)
    optimizer = make_optimizer(model, recipe, undecayed=undecayed)
    before = {name: value.clone() for name, value in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, value in model.named_parameters():
        factor = 1.0 if name in undecayed else 1 - 0.1 * 0.5
        torch.testing.assert_close(value, before[name] * factor)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AssertionError, match="no such parameters"):
        make_optimizer(net(), TrainingSpec(), undecayed=frozenset({"nothing"}))


def test_moments_survive_a_file_whatever_the_layout_in_memory() -> None:
    def steps(model: nn.Module, optimizer: torch.optim.AdamW, seeds: range) -> None:
        for seed in seeds:
            torch.manual_seed(seed)
            optimizer.zero_grad()
            images = torch.randn(5, 3, 4, 4).to(memory_format=torch.channels_last)
            model(images).square().sum().backward()
            optimizer.step()

    straight, resumed = net(), net()
    first = make_optimizer(straight, TrainingSpec(), undecayed=frozenset())
    assert dump_moments(first) == {}
    steps(straight, first, range(3))
    moments = {name: tensor.clone() for name, tensor in dump_moments(first).items()}
    resumed.load_state_dict(straight.state_dict())
    second = make_optimizer(resumed, TrainingSpec(), undecayed=frozenset())
    load_moments(second, moments)
    steps(straight, first, range(3, 6))
    steps(resumed, second, range(3, 6))
    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)
    for name, tensor in dump_moments(first).items():
        assert torch.equal(tensor, dump_moments(second)[name])


def test_restoring_nothing_is_a_fresh_start() -> None:
    optimizer = make_optimizer(net(), TrainingSpec(), undecayed=frozenset())
    load_moments(optimizer, {})
    assert not optimizer.state


def test_a_parameter_that_takes_part_in_no_step_is_restored_as_new() -> None:
    def half_used() -> tuple[nn.ParameterList, torch.optim.AdamW]:
        model = nn.ParameterList([nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))])
        recipe = TrainingSpec(learning_rate=0.1, min_learning_rate=0.0)
        return model, make_optimizer(model, recipe, undecayed=frozenset())

    def step(model: nn.ParameterList, optimizer: torch.optim.AdamW, used: list[int]) -> None:
        optimizer.zero_grad()
        torch.stack([model[index].square().sum() for index in used]).sum().backward()
        optimizer.step()

    straight, first = half_used()
    step(straight, first, [1])
    resumed, second = half_used()
    resumed.load_state_dict(straight.state_dict())
    load_moments(second, dump_moments(first))
    for model, optimizer in ((straight, first), (resumed, second)):
        step(model, optimizer, [1])
        step(model, optimizer, [0, 1])
    for one, other in zip(straight, resumed, strict=True):
        assert torch.equal(one, other)
    assert dump_moments(second)["step"].tolist() == [1.0, 3.0]
