"""The images of a study on one device, without a copy where the device is this machine's memory."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nas.training.data import ImageData


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
class LabeledImages:
    """Images uint8 [N, C, S, S] and labels int64 [N]."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DeviceData:
    """What a trial reads; nothing here is ever written to."""

    train: LabeledImages
    probe: LabeledImages
    evaluation: LabeledImages
    normalize: Normalize
    classes: int


def to_device(data: ImageData, device: torch.device) -> DeviceData:
    """Bring the images to `device`; on the CPU the tensors share the arrays' memory."""
    train = LabeledImages(
        images=_tensor(data.train_images, device), labels=_tensor(data.train_labels, device)
    )
    probe = _tensor(data.probe_indices, device)
    mean, std = torch.tensor(data.mean), torch.tensor(data.std)
    return DeviceData(
        train=train,
        probe=LabeledImages(images=train.images[probe], labels=train.labels[probe]),
        evaluation=LabeledImages(
            images=_tensor(data.evaluation_images, device),
            labels=_tensor(data.evaluation_labels, device),
        ),
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
