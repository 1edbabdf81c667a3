"""Image files that are decoded as they are needed."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data.encoded import EncodedImages
from nas.data.images import Indices


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageFiles(EncodedImages):
    """Labelled image files, N of them (see `nas.data.images.Images`).

    Their names are an array, so that the workers of a node share them.
    """

    root: str
    names: NDArray[np.bytes_]  # [N], relative to the root, as the file system has them

    def subset(self, indices: Indices) -> "ImageFiles":
        """Return these files alone."""
        return replace(self, names=self.names[indices], labels=self.labels[indices])

    def path(self, index: int) -> Path:
        """Return where one of them lies."""
        return Path(self.root, os.fsdecode(self.names[index]))

    def encoded(self, index: int) -> Path:
        """Return where one of them lies."""
        return self.path(index)

    def called(self, index: int) -> str:
        """Return its path."""
        return str(self.path(index))

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
