"""Images on a device: shared with the arrays, normalised, channels last."""

from collections.abc import Callable

import pytest
import torch

from nas.data import on_device as device_data
from nas.data.load import ImageData
from nas.data.on_device import Normalize, RenderedImages, to_device
from nas.data.procedural import ProceduralImages
from nas.data.rendering import render

CPU = torch.device("cpu")


def test_memory_is_shared_even_with_read_only_arrays(make_data: Callable[..., ImageData]) -> None:
    data = make_data()
    on_device = to_device(data, CPU)
    assert on_device.train.images.data_ptr() == data.train.images.ctypes.data
    assert on_device.evaluation.images.data_ptr() == data.evaluation.images.ctypes.data


def test_probe_is_the_chosen_training_images(make_data: Callable[..., ImageData]) -> None:
    data = make_data()
    probe = to_device(data, CPU).probe
    assert len(probe) == len(data.probe_indices)
    torch.testing.assert_close(
        probe.images.numpy(), data.train.images[data.probe_indices], rtol=0, atol=0
    )
    assert probe.labels.tolist() == data.train.labels[data.probe_indices].tolist()


def test_normalize_by_channel() -> None:
    normalize = Normalize(
        scale=torch.tensor([1 / 51, 1 / 102]).view(1, 2, 1, 1),  # 1 / (255 std) for 0.2 and 0.4
        shift=torch.tensor([-1.0, -0.5]).view(1, 2, 1, 1),  # -mean / std for 0.2 and 0.2
    )
    images = torch.tensor([51, 255], dtype=torch.uint8).view(1, 2, 1, 1).expand(3, 2, 4, 4)
    normal = normalize(images)
    assert normal.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(normal[:, 0], torch.zeros(3, 4, 4))
    torch.testing.assert_close(normal[:, 1], torch.full((3, 4, 4), 2.0))
    torch.testing.assert_close(normalize(images.float()), normal, rtol=0, atol=0)


def test_training_images_have_zero_mean_and_unit_deviation() -> None:
    from nas.data.load import load
    from nas.spec.study import DataSpec

    on_device = to_device(load(DataSpec(image_size=8)), CPU)
    normal = on_device.normalize(on_device.train.images)
    assert abs(normal.mean().item()) < 1e-4
    assert abs(normal.std().item() - 1) < 1e-3


@pytest.mark.parametrize("sizes", [[1], [7, 3, 200, 1, 500, 64, 64], [400, 400, 400]])
def test_rendered_batches_are_those_asked_for(sizes: list[int]) -> None:
    stream = ProceduralImages(name="train", seed=0, size=16, channels=3)
    order = torch.randperm(sum(sizes), generator=torch.Generator().manual_seed(0)).split(sizes)
    found = list(RenderedImages(stream=stream, device=CPU).batches(order))
    assert [len(labels) for _, labels in found] == sizes
    for chosen, (images, labels) in zip(order, found, strict=True):
        expected, expected_labels = render(stream, chosen)
        assert torch.equal(images, expected)
        assert torch.equal(labels, expected_labels)


def test_small_batches_are_rendered_together(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def note(stream: ProceduralImages, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.append(len(indices))
        return render(stream, indices)

    monkeypatch.setattr(device_data, "render", note)
    monkeypatch.setattr(device_data, "PIXELS_AT_ONCE", 100 * 256)
    stream = ProceduralImages(name="train", seed=0, size=16, channels=1)
    batches = RenderedImages(stream=stream, device=CPU).batches(torch.arange(1000).split(30))
    next(batches)
    assert drawn == [120]  # not the whole epoch
    assert len(list(batches)) == 33
