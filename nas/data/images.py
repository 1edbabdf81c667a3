"""What a study asks of its images, wherever they come from and however they are kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from nas.study.left_out import LeftOut
from nas.study.records import DataShape

if TYPE_CHECKING:
    import torch

Indices = NDArray[np.int64]
Pixels = NDArray[np.uint8]


class DeviceImages(Protocol):
    """Images by index, a batch at a time, as tensors on one device."""

    def batches(
        self, chosen: Iterable["torch.Tensor"]
    ) -> Iterator[tuple["torch.Tensor", "torch.Tensor"]]:
        """Yield images uint8 [b, C, S, S] and labels int64 [b] of each batch of indices [b].

        Indices are on the CPU, and are taken only a bounded number of batches ahead.
        """
        ...


class CountedDeviceImages(DeviceImages, Protocol):
    """Images on a device of which there are so many."""

    def __len__(self) -> int:
        """Return the number of images."""
        ...


class Images(Protocol):
    """A set of labelled images. It never changes, and travels to workers by pickling.

    Methods that give tensors import torch themselves: who only loads and splits need not have it.
    """

    @property
    def count(self) -> int | None:
        """Images there are; None: without end."""
        ...

    def batches(self, chosen: Iterable[Indices]) -> Iterator[tuple[Pixels, Indices]]:
        """Yield images uint8 [b, C, S, S] and labels [b] of each batch of indices [b], as copies.

        `chosen` is taken only a bounded number of batches ahead.
        """
        ...

    def subset(self, indices: Indices) -> "CountedImages":
        """Return these images alone, in this order."""
        ...

    def fingerprint(self) -> str:
        """Return the same for equal images in equal order, and for others another."""
        ...

    def to_device(self, device: "torch.device") -> DeviceImages:
        """Return the same images on `device`: in its memory, or brought there by the batch."""
        ...


class CountedImages(Images, Protocol):
    """Images of which there are so many."""

    @property
    def count(self) -> int:
        """Images there are."""
        ...

    def to_device(self, device: "torch.device") -> CountedDeviceImages:
        """Return as many on `device`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageData:
    """What all trials of a study train on, split once for all of them."""

    shape: DataShape  # what a network must know of these images
    train: Images
    probe_indices: Indices  # of training images; where the comparable loss is measured
    evaluation: CountedImages
    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of the training images by channel, pixels in [0, 1]
    std: tuple[float, ...]
    fingerprint: str  # sha256: equal data, equal fingerprint
    bad_files: tuple[str, ...] = ()  # "file: reason" of what could not be read
    left_out: LeftOut | None = None  # of those to train on; None: nobody looked
    notes: tuple[str, ...] = ()  # what a user should know of them before they are trained on
    others: tuple["ImageData", ...] = ()  # at other sizes: image n is the same picture at each

    def at(self, image_size: object) -> "ImageData":
        """Return the images at that size, in pixels a side; these, where they are at no such."""
        sizes = (other for other in self.others if other.shape.image_size == image_size)
        return next(sizes, self)
