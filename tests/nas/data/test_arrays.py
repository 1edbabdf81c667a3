"""Arrays keep the contract, and share their memory with the CPU."""

import numpy as np
import torch

from nas.data.arrays import ImageArrays
from tests.contracts.images import ImagesContract


def arrays() -> ImageArrays:
    images = np.random.default_rng(0).integers(0, 255, (9, 2, 5, 5), dtype=np.uint8)
    labels = np.arange(9, dtype=np.int64) % 4
    for array in (images, labels):
        array.setflags(write=False)  # as they are in Ray's object store
    return ImageArrays(images=images, labels=labels)


class TestImageArrays(ImagesContract):
    """See the contract."""

    def make(self, tmp_path):
        return arrays()


def test_the_cpu_shares_their_memory() -> None:
    images = arrays()
    on_device = images.to_device(torch.device("cpu"))
    assert on_device.images.data_ptr() == images.images.ctypes.data
    assert on_device.labels.data_ptr() == images.labels.ctypes.data


def test_fingerprints_tell_labels_and_shapes_apart() -> None:
    images = arrays()
    others = [
        images,
        ImageArrays(images=images.images, labels=images.labels[::-1]),
        ImageArrays(images=images.images.reshape(9, 1, 5, 10), labels=images.labels),
    ]
    assert len({each.fingerprint() for each in others}) == 3
