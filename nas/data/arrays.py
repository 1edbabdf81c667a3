"""Images in memory: arrays that the workers of a node share, and what tells them from others."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nas.data.images import CountedDeviceImages, Indices, Pixels

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageArrays:
    """Images in memory, as arrays that are only ever read (see `nas.data.images.Images`)."""

    images: Pixels  # uint8 [N, C, S, S]
    labels: Indices  # [N]

    @property
    def count(self) -> int:
        """Images there are."""
        return len(self.labels)

    def batches(self, chosen: Iterable[Indices]) -> Iterator[tuple[Pixels, Indices]]:
        """Yield batches by copying rows."""
        for batch in chosen:
            yield self.images[batch], self.labels[batch]

    def subset(self, indices: Indices) -> "ImageArrays":
        """Return a copy of these images."""
        return ImageArrays(images=self.images[indices], labels=self.labels[indices])

    def fingerprint(self) -> str:
        """Return a digest of pixels and labels."""
        return digest_of({"images": self.images, "labels": self.labels})

    def to_device(self, device: "torch.device") -> CountedDeviceImages:
        """Return all of them in the device's memory: on the CPU, in this memory."""
        from nas.data.on_device import ResidentImages  # noqa: PLC0415 - imports torch

        return ResidentImages.of(self.images, self.labels, device)


def digest_of(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...] = ()) -> str:
    """Return the sha256 of names, and of arrays with their own names, types and shapes."""
    digest = hashlib.sha256("\0".join(names).encode())
    for name, array in arrays.items():
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
