"""Statistics are those of the weights as they are, and training does not notice."""

import copy
from collections.abc import Callable

import torch
from torch import nn

from nas.data.images import ImageData
from nas.data.on_device import to_device
from nas.training.batch_statistics import estimate_statistics

CPU = torch.device("cpu")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, momentum=0.1), nn.Dropout(0.5), nn.Flatten()
    )


def test_they_are_the_mean_over_batches_of_nearly_one_size(
    make_data: Callable[..., ImageData],
) -> None:
    data, model = to_device(make_data(), CPU), network()
    model[1].running_mean.fill_(100.0)
    count = len(data.probe)
    estimate_statistics(model, data.probe, normalize=data.normalize, batch_size=count - 1)
    halves = torch.arange(count).tensor_split(2)
    maps = [model[0](data.normalize(batch)) for batch, _ in data.probe.batches(halves)]
    means = torch.stack([each.mean(dim=(0, 2, 3)) for each in maps]).mean(dim=0)
    variances = torch.stack([each.var(dim=(0, 2, 3)) for each in maps]).mean(dim=0)
    torch.testing.assert_close(model[1].running_mean, means)
    torch.testing.assert_close(model[1].running_var, variances)


def test_modes_momentum_weights_and_the_random_stream_stay(
    make_data: Callable[..., ImageData],
) -> None:
    data, model = to_device(make_data(), CPU), network().train()
    model[2].eval()
    before, stream = copy.deepcopy(list(model.parameters())), torch.get_rng_state()
    model.train()
    estimate_statistics(model, data.probe, normalize=data.normalize)
    assert model[1].momentum == 0.1
    assert all(each.training for each in model)
    assert torch.equal(stream, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    model.eval()
    estimate_statistics(model, data.probe, normalize=data.normalize)
    assert not any(each.training for each in model)


def test_a_step_in_training_mode_is_the_same_with_and_without(
    make_data: Callable[..., ImageData],
) -> None:
    data, one = to_device(make_data(), CPU), network()[:2].train()
    other = copy.deepcopy(one)
    estimate_statistics(one, data.probe, normalize=data.normalize)
    images = torch.rand(8, 1, 8, 8)
    assert torch.equal(one(images), other(images))


def test_without_batch_normalization_nothing_is_looked_at() -> None:
    class Untouchable:
        def __len__(self) -> int:
            raise AssertionError

    model = nn.Linear(2, 2)
    estimate_statistics(model, Untouchable(), normalize=None)  # pyrefly: ignore
