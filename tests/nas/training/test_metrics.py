"""Loss and accuracy against numbers computed by hand."""

import math
import statistics
from collections.abc import Callable
from dataclasses import astuple

import pytest
import torch
from torch import nn

from nas.data.images import ImageData
from nas.data.on_device import Normalize, ResidentImages, to_device
from nas.study.correct import decode
from nas.training.metrics import evaluate

UNIT = Normalize(scale=torch.ones(1, 1, 1, 1), shift=torch.zeros(1, 1, 1, 1))


class Pixels(nn.Module):
    """Logits are the pixels themselves."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def test_by_hand() -> None:
    pixels = torch.tensor([[1, 0], [0, 2], [3, 0]], dtype=torch.uint8).view(3, 1, 1, 2)
    data = ResidentImages(images=pixels, labels=torch.tensor([0, 1, 1]))
    found = evaluate(Pixels(), data, normalize=UNIT)
    expected = [math.log(1 + math.exp(-1)), math.log(1 + math.exp(-2)), math.log(1 + math.exp(3))]
    assert found.loss == pytest.approx(sum(expected) / 3, rel=1e-6)
    assert found.accuracy == 2 / 3
    for batch_size in (1, 2, 3):
        found = evaluate(Pixels(), data, normalize=UNIT, batch_size=batch_size)
        assert decode(found.correct, images=3).tolist() == [True, True, False]
    assert found.loss_error == pytest.approx(statistics.stdev(expected) / 3**0.5, rel=1e-6)


def test_of_one_image_the_error_is_unknown_and_of_equal_ones_nothing() -> None:
    pixels = torch.tensor([[1, 0]] * 3, dtype=torch.uint8).view(3, 1, 1, 2)
    three = ResidentImages(images=pixels, labels=torch.tensor([0, 0, 0]))
    one = ResidentImages(images=pixels[:1], labels=torch.tensor([0]))
    assert evaluate(Pixels(), three, normalize=UNIT).loss_error == pytest.approx(0.0, abs=1e-7)
    assert evaluate(Pixels(), one, normalize=UNIT).loss_error is None


def test_batch_size_does_not_show(make_data: Callable[..., ImageData]) -> None:
    data = to_device(make_data(), torch.device("cpu"))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 3))
    whole = evaluate(model, data.train, normalize=data.normalize)
    for batch_size in (1, 7, 38):
        parts = evaluate(model, data.train, normalize=data.normalize, batch_size=batch_size)
        assert int(decode(parts.correct, images=38).sum()) / 38 == parts.accuracy
        assert parts.correct == whole.correct
        assert astuple(parts)[:3] == pytest.approx(astuple(whole)[:3], rel=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_mode_and_statistics_are_left_as_they_were(
    make_data: Callable[..., ImageData], training: bool
) -> None:
    data = to_device(make_data(), torch.device("cpu"))
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Flatten(), nn.Linear(64, 3))
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = evaluate(model, data.probe, normalize=data.normalize)
    assert evaluate(model, data.probe, normalize=data.normalize) == first  # dropout is off
    assert model.training is training
    assert model[1].training is training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_mode_is_restored_after_an_error(make_data: Callable[..., ImageData]) -> None:
    data = to_device(make_data(), torch.device("cpu"))
    model = nn.Sequential(nn.Linear(5, 5))
    with pytest.raises(RuntimeError):
        evaluate(model, data.probe, normalize=data.normalize)
    assert model.training
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_bf16_is_close(make_data: Callable[..., ImageData]) -> None:
    data = to_device(make_data(), torch.device("cpu"))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    full = evaluate(model, data.train, normalize=data.normalize)
    low = evaluate(model, data.train, normalize=data.normalize, precision=torch.bfloat16)
    assert low.loss != full.loss
    assert int(decode(low.correct, images=38).sum()) / 38 == low.accuracy
    assert low.loss == pytest.approx(full.loss, abs=0.02)
