"""Parts of weights: what is shared out, gathered and put back."""

import multiprocessing
from dataclasses import replace

import pytest
import torch
from torch import nn

from nas.networks.registry import family_of
from nas.training import sharding
from nas.training.distributed import joined
from nas.training.group import Group
from tests.nas.tiny import make_config
from tests.nas.training.test_distributed import group_of


def build() -> nn.Module:
    return family_of(make_config()).build(make_config(), seed=3)


def test_blocks_are_gathered_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "LEAST", 300)
    found = [type(each).__name__ for each in sharding._gathered_alone(build())]
    assert sorted(found) == ["MBConv", "TransformerBlock"]
    monkeypatch.setattr(sharding, "LEAST", 10**9)
    assert sharding._gathered_alone(build()) == []


def test_a_whole_tensor_stays_what_it_is() -> None:
    tensor = torch.arange(3.0)
    assert sharding.whole(tensor) is tensor
    assert sharding.here(tensor) is tensor
    sharding.put(tensor, torch.ones(3))
    assert tensor.tolist() == [1, 1, 1]


def has_a_part(group: Group) -> None:
    with joined(group, torch.device("cpu")):
        original, model = build(), build()
        sharding.LEAST = 300
        sharding.shard(model, device=torch.device("cpu"))
        plain, own = original.state_dict(), model.state_dict()
        count = sum(parameter.numel() for parameter in original.parameters())
        here = sum(sharding.here(parameter).numel() for parameter in model.parameters())
        assert 0.4 * count < here < 0.6 * count
        for name, tensor in own.items():
            assert torch.equal(sharding.whole(tensor), plain[name]), name
            sharding.put(tensor, plain[name] + 1)
            assert torch.equal(sharding.whole(tensor), plain[name] + 1), name


@pytest.mark.slow
def test_each_of_two_processes_has_half_and_together_they_have_all() -> None:
    group = group_of(2)
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=has_a_part, args=(replace(group, rank=rank),)) for rank in (0, 1)
    ]
    for each in both:
        each.start()
    for each in both:
        each.join(100)
    assert [each.exitcode for each in both] == [0, 0]
