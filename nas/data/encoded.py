"""Encoded images that are decoded as they are needed: data sets that do not fit into memory."""

import logging
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nas.data.decoding import UNREADABLE, decode_file, decode_files, to_channels
from nas.data.images import CountedDeviceImages, Indices, Pixels
from nas.errors import DataError

if TYPE_CHECKING:
    import torch

AHEAD = 2  # batches decoded while one is trained on: what bounds the memory
THREADS = min(16, os.cpu_count() or 1)
REPLACEMENTS = 100  # images in a row that may be unreadable

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EncodedImages(ABC):
    """Labelled images that are kept encoded, N of them (see `nas.data.images.Images`)."""

    labels: Indices  # [N]
    size: int  # pixels; images are decoded to this square
    channels: int

    @abstractmethod
    def encoded(self, index: int) -> Path | bytes:
        """Return an image's file, or what would be in it."""

    @abstractmethod
    def called(self, index: int) -> str:
        """Return what a message calls an image."""

    @abstractmethod
    def subset(self, indices: Indices) -> "EncodedImages":
        """Return these images alone, in this order."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return the same for equal images in equal order, as far as can be told unread."""

    @property
    def count(self) -> int:
        """Images there are."""
        return len(self.labels)

    def decode(self, indices: Indices) -> tuple[Pixels, dict[int, str]]:
        """Return images uint8 [n, C, S, S] and, by place, "image: reason" of the unreadable."""
        files = [self.encoded(index) for index in indices.tolist()]
        images, reasons = decode_files(files, size=self.size)
        bad = {
            place: f"{self.called(int(indices[place]))}: {reason}"
            for place, reason in reasons.items()
        }
        return to_channels(images, self.channels), bad

    def batches(self, chosen: Iterable[Indices]) -> Iterator[tuple[Pixels, Indices]]:
        """Yield images uint8 [b, C, S, S] and labels of each batch, the next ones in the making.

        An image that cannot be read is replaced by the next that can, with its label: the same in
        every run. How many were is logged at the end.

        Raises:
            DataError: a hundred images in a row cannot be read.
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
                self.called(replaced[0]),
            )

    def to_device(self, device: "torch.device") -> CountedDeviceImages:
        """Return images that are decoded on the CPU and brought there a batch at a time."""
        from nas.data.on_device import TransferredImages  # noqa: PLC0415 - imports torch

        return TransferredImages(images=self, device=device)

    def _read(self, index: int) -> tuple[Pixels, int]:
        """Return an image [C, S, S] and the index it has in truth."""
        for step in range(REPLACEMENTS):
            found = (index + step) % self.count
            try:
                image = decode_file(self.encoded(found), size=self.size)
            except UNREADABLE:
                continue
            return to_channels(image[None], self.channels)[0], found
        raise DataError(f"{self.called(index)} and {REPLACEMENTS - 1} images after it: unreadable")

    def _collect(
        self, reading: list[Future[tuple[Pixels, int]]], wanted: list[int], replaced: list[int]
    ) -> tuple[Pixels, Indices]:
        images, found = zip(*(future.result() for future in reading), strict=True)
        replaced += [index for index, other in zip(wanted, found, strict=True) if index != other]
        return np.stack(images), self.labels[list(found)]
