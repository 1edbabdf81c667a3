"""What a source of images declares of itself, and what opening it gives: labels, pixels later."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data.decoding import resize_gray
from nas.data.images import CountedImages, Images, Indices, Pixels
from nas.errors import DataError, NotFoundError
from nas.spec.paths import local_path
from nas.spec.study import DataSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """Images uint8 [N, C, S, S], gray or RGB, and why those in `bad` could not be read."""

    images: Pixels
    bad: dict[int, str]  # index into `images` -> "file: reason"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Labelled images not yet decoded.

    Of a source whose images need not fit into memory `on_demand` are the same ones, by the same
    indices, decoded when they are taken.
    """

    labels: Indices  # [N], 0 .. classes - 1
    decode: Callable[[Indices], Decoded]
    on_demand: CountedImages | None = None
    path: Callable[[int], Path] | None = None  # of an image's file, where each has its own
    digests: Callable[[Indices], list[bytes]] | None = None  # of encoded images without a file
    name: Callable[[int], str] | None = None  # what else a message calls an image

    def name_of(self, index: int) -> str:
        """Return what a message calls an image."""
        if self.name is not None:
            return self.name(index)
        return f"image {index}" if self.path is None else str(self.path(index))


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """An open source. Without a test set of its own `evaluation` is None.

    Where images to train on are without end, they are `endless`, and `train` is the probe alone.
    """

    name: str  # for messages
    channels: int  # asked for, or else the source's own
    class_names: tuple[str, ...]
    train: Pool
    evaluation: Pool | None = None
    endless: Images | None = None
    notes: tuple[str, ...] = ()  # what a user should know before training: folders, unused files


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One of the words that `data.source` knows.

    `class_names` gives the classes by index, reading no image; it and `open` raise NotFoundError
    where the path does not exist, and DataError where it does not hold what the source needs.
    """

    drawn: bool = False  # its images are made, so that they equal no others
    smallest: int = 1  # pixels a side that its images can have
    channels: int  # of its images, where the spec asks for no other number
    class_names: Callable[[DataSpec], tuple[str, ...]]
    open: Callable[[DataSpec], Dataset]


def root_of(spec: DataSpec) -> Path:
    """Return the folder that `data.path` names.

    Raises:
        NotFoundError: there is none.
        DataError: it is no folder.
        SpecError: it is a URI.
    """
    root = local_path(spec.path or "", key="data.path")
    if not root.exists():
        raise NotFoundError(f"data.path {root}: no such folder")
    if not root.is_dir():
        raise DataError(f"data.path {root}: is not a folder")
    return root


def gray_pool(images_bhw: NDArray[np.uint8], labels: Indices, *, size: int) -> Pool:
    """Return gray images that are in memory already; they are resized to `size` pixels a side."""

    def decode(indices: Indices) -> Decoded:
        return Decoded(images=resize_gray(images_bhw[indices], size=size), bad={})

    return Pool(labels=labels, decode=decode)
