"""Image files decoded as they are needed: data sets that do not fit into memory."""

import hashlib
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nas.data.decoding import UNREADABLE, decode_file, decode_files, to_channels
from nas.data.images import CountedDeviceImages, Indices, Pixels
from nas.errors import DataError

if TYPE_CHECKING:
    import torch

AHEAD = 2  # batches decoded while one is trained on: what bounds the memory
THREADS = min(16, os.cpu_count() or 1)
REPLACEMENTS = 100  # files in a row that may be unreadable

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageFiles:
    """Labelled image files, N of them (see `nas.data.images.Images`).

    Their names are an array, so that the workers of a node share them.
    """

    root: str
    names: NDArray[np.bytes_]  # [N], relative to the root, as the file system has them
    labels: Indices  # [N]
    size: int  # pixels; images are decoded to this square
    channels: int

    @property
    def count(self) -> int:
        """Images there are."""
        return len(self.labels)

    def subset(self, indices: Indices) -> "ImageFiles":
        """Return these files alone."""
        return replace(self, names=self.names[indices], labels=self.labels[indices])

    def path(self, index: int) -> Path:
        """Return where one of them lies."""
        return Path(self.root, os.fsdecode(self.names[index]))

    def decode(self, indices: Indices) -> tuple[Pixels, dict[int, str]]:
        """Return images uint8 [n, C, S, S] and, by place, "file: reason" of the unreadable."""
        paths = [self.path(index) for index in indices.tolist()]
        images, reasons = decode_files(paths, size=self.size)
        bad = {place: f"{paths[place]}: {reason}" for place, reason in reasons.items()}
        return to_channels(images, self.channels), bad

    def batches(self, chosen: Iterable[Indices]) -> Iterator[tuple[Pixels, Indices]]:
        """Yield images uint8 [b, C, S, S] and labels of each batch, the next ones in the making.

        An image that cannot be read is replaced by the next that can, with its label: the same in
        every run. How many were is logged at the end.

        Raises:
            DataError: a hundred files in a row cannot be read.
        """
        replaced: list[int] = []
        pool = ThreadPoolExecutor(THREADS)
        try:
            waiting: deque[list[Future[tuple[Pixels, int]]]] = deque()
            numbers: deque[list[int]] = deque()
            for batch in chosen:
                numbers.append(batch.tolist())
                waiting.append([pool.submit(self._read, index) for index in numbers[-1]])
                if len(waiting) > AHEAD:
                    yield self._collect(waiting.popleft(), numbers.popleft(), replaced)
            while waiting:
                yield self._collect(waiting.popleft(), numbers.popleft(), replaced)
        finally:
            pool.shutdown(cancel_futures=True)
        if replaced:
            _logger.warning(
                "%d unreadable images were replaced by the next readable ones; the first is %s",
                len(replaced),
                self.path(replaced[0]),
            )

    def fingerprint(self) -> str:
        """Return a digest of names, sizes in bytes and labels: reading all pixels would take hours.

        Files that change but keep name and size go unnoticed.
        """
        digest = hashlib.sha256(f"{self.size} {self.channels}\n".encode())
        for index, label in enumerate(self.labels.tolist()):
            path = self.path(index)
            size = path.stat().st_size if path.exists() else -1  # a broken link is unreadable
            digest.update(self.names[index] + f"\0{size} {label}\n".encode())
        return digest.hexdigest()

    def to_device(self, device: "torch.device") -> CountedDeviceImages:
        """Return images that are decoded on the CPU and brought there a batch at a time."""
        from nas.data.on_device import TransferredImages  # noqa: PLC0415 - imports torch

        return TransferredImages(images=self, device=device)

    def _read(self, index: int) -> tuple[Pixels, int]:
        """Return an image [C, S, S] and the index it has in truth."""
        for step in range(REPLACEMENTS):
            found = (index + step) % self.count
            try:
                image = decode_file(self.path(found), size=self.size)
            except UNREADABLE:
                continue
            return to_channels(image[None], self.channels)[0], found
        raise DataError(f"{self.path(index)} and {REPLACEMENTS - 1} files after it: unreadable")

    def _collect(
        self, reading: list[Future[tuple[Pixels, int]]], wanted: list[int], replaced: list[int]
    ) -> tuple[Pixels, Indices]:
        images, found = zip(*(future.result() for future in reading), strict=True)
        replaced += [index for index, other in zip(wanted, found, strict=True) if index != other]
        return np.stack(images), self.labels[list(found)]
