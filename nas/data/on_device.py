"""The images of a study on one device: in its memory, or brought there a batch at a time."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nas.data.images import (
    CountedDeviceImages,
    CountedImages,
    DeviceImages,
    ImageData,
    Indices,
    Pixels,
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Normalize:
    """Pixels of 0..255 to zero mean and unit deviation by channel."""

    scale: torch.Tensor  # [1, C, 1, 1]
    shift: torch.Tensor

    def __call__(self, images_bchw: torch.Tensor) -> torch.Tensor:
        """Return float images, channels last in memory, from bytes or floats of 0..255."""
        pixels = images_bchw.to(torch.float32, memory_format=torch.channels_last)
        return torch.addcmul(self.shift, pixels, self.scale)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ResidentImages:
    """Images uint8 [N, C, S, S] and labels int64 [N] in the device's memory."""

    images: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def of(cls, images: Pixels, labels: Indices, device: torch.device) -> "ResidentImages":
        """Return arrays on `device`; on the CPU the tensors share their memory."""
        return cls(images=_tensor(images, device), labels=_tensor(labels, device))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches by copying rows."""
        for batch in chosen:
            indices = batch.to(self.labels.device)
            yield self.images[indices], self.labels[indices]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TransferredImages:
    """Images that stay where they are; the batches that they give are brought to the device."""

    images: CountedImages
    device: torch.device

    def __len__(self) -> int:
        """Return the number of images."""
        return self.images.count

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches."""
        for images, labels in self.images.batches(batch.numpy() for batch in chosen):
            yield torch.from_numpy(images).to(self.device), torch.from_numpy(labels).to(self.device)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DeviceData:
    """What a trial reads; nothing here is ever written to."""

    train: DeviceImages
    count: int | None  # images to train on; None: without end
    probe: CountedDeviceImages
    evaluation: CountedDeviceImages
    normalize: Normalize
    classes: int


def to_device(data: ImageData, device: torch.device) -> DeviceData:
    """Bring the images of a study to `device`."""
    mean, std = torch.tensor(data.mean), torch.tensor(data.std)
    return DeviceData(
        train=data.train.to_device(device),
        count=data.train.count,
        probe=data.train.subset(data.probe_indices).to_device(device),
        evaluation=data.evaluation.to_device(device),
        normalize=Normalize(
            scale=(1 / (255 * std)).view(1, -1, 1, 1).to(device),
            shift=(-mean / std).view(1, -1, 1, 1).to(device),
        ),
        classes=len(data.class_names),
    )


def _tensor(array: NDArray[np.generic], device: torch.device) -> torch.Tensor:
    with warnings.catch_warnings():
        # Torch has no read-only tensors and warns of arrays that are, as those in Ray's object
        # store. Ours are only ever indexed.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array).to(device)
