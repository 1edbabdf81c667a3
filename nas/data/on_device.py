"""The images of a study on one device: in its memory, or made there a batch at a time."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, overload

import numpy as np
import torch
from numpy.typing import NDArray

from nas.data.files import ImageFiles
from nas.data.load import ImageArrays, ImageData
from nas.data.procedural import ProceduralImages
from nas.data.rendering import PIXELS_AT_ONCE, render


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Normalize:
    """Pixels of 0..255 to zero mean and unit deviation by channel."""

    scale: torch.Tensor  # [1, C, 1, 1]
    shift: torch.Tensor

    def __call__(self, images_bchw: torch.Tensor) -> torch.Tensor:
        """Return float images, channels last in memory, from bytes or floats of 0..255."""
        pixels = images_bchw.to(torch.float32, memory_format=torch.channels_last)
        return torch.addcmul(self.shift, pixels, self.scale)


class Images(Protocol):
    """Images by index, a batch at a time; where they come from is their own affair."""

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield images uint8 [b, C, S, S] and labels int64 [b] of each batch of indices [b]."""
        ...


class CountedImages(Images, Protocol):
    """Images of which there are so many."""

    def __len__(self) -> int:
        """Return the number of images."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabeledImages:
    """Images uint8 [N, C, S, S] and labels int64 [N] in the device's memory."""

    images: torch.Tensor
    labels: torch.Tensor

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
class RenderedImages:
    """Procedural images, drawn on the device when they are taken."""

    stream: ProceduralImages
    device: torch.device

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches; several small ones are drawn at once, which takes half the time."""
        together = max(1, PIXELS_AT_ONCE // self.stream.size**2)
        remaining = iter(chosen)
        for first in remaining:
            some = [first, *islice(remaining, together // len(first))]
            images, labels = render(self.stream, torch.cat(some).to(self.device))
            sizes = [len(batch) for batch in some]
            yield from zip(images.split(sizes), labels.split(sizes), strict=True)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StreamedImages:
    """Image files, decoded when they are taken and a little before."""

    files: ImageFiles
    device: torch.device

    def __len__(self) -> int:
        """Return the number of images."""
        return self.files.count

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches (see `ImageFiles.batches`)."""
        for images, labels in self.files.batches(batch.numpy() for batch in chosen):
            yield torch.from_numpy(images).to(self.device), torch.from_numpy(labels).to(self.device)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DeviceData:
    """What a trial reads; nothing here is ever written to."""

    train: Images
    count: int | None  # images to train on; None: without end
    probe: CountedImages
    evaluation: CountedImages
    normalize: Normalize
    classes: int


def to_device(data: ImageData, device: torch.device) -> DeviceData:
    """Bring the images to `device`; on the CPU the tensors share the arrays' memory."""
    mean, std = torch.tensor(data.mean), torch.tensor(data.std)
    return DeviceData(
        train=_images(data.train, device),
        count=data.train.count,
        probe=_probe(data, device),
        evaluation=_images(data.evaluation, device),
        normalize=Normalize(
            scale=(1 / (255 * std)).view(1, -1, 1, 1).to(device),
            shift=(-mean / std).view(1, -1, 1, 1).to(device),
        ),
        classes=len(data.class_names),
    )


@overload
def _images(source: ImageArrays | ImageFiles, device: torch.device) -> CountedImages: ...
@overload
def _images(
    source: ImageArrays | ImageFiles | ProceduralImages, device: torch.device
) -> Images: ...
def _images(source: ImageArrays | ImageFiles | ProceduralImages, device: torch.device) -> Images:
    match source:
        case ImageArrays():
            return LabeledImages(
                images=_tensor(source.images, device), labels=_tensor(source.labels, device)
            )
        case ImageFiles():
            return StreamedImages(files=source, device=device)
        case ProceduralImages():
            return RenderedImages(stream=source, device=device)


def _probe(data: ImageData, device: torch.device) -> CountedImages:
    """Return the probe's images, in memory but for files that are streamed."""
    if isinstance(data.train, ImageFiles):
        return _images(data.train.subset(data.probe_indices), device)
    chosen = _tensor(data.probe_indices, torch.device("cpu"))
    images, labels = next(_images(data.train, device).batches([chosen]))
    return LabeledImages(images=images, labels=labels)


def _tensor(array: NDArray[np.generic], device: torch.device) -> torch.Tensor:
    with warnings.catch_warnings():
        # Torch has no read-only tensors and warns of arrays that are, as those in Ray's object
        # store. Ours are only ever indexed.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array).to(device)
