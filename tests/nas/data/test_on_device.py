"""Images on a device: shared with the arrays, normalised, channels last."""

from collections.abc import Callable

import torch

from nas.data.images import ImageData
from nas.data.on_device import Normalize, to_device

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
