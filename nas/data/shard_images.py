"""Images of Parquet shards that are decoded as they are needed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.data.encoded import EncodedImages
from nas.data.images import Indices
from nas.data.shards import Rows, Shard
from nas.data.unpacked import Unpacked, unpacked


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ShardImages(EncodedImages):
    """Labelled rows of shards (see `nas.data.images.Images`); one without a label is unreadable."""

    shards: Sequence[Shard]
    column: str  # bytes, or of a struct that holds them: image.bytes
    key: str  # of shards and column
    rows: Indices  # [N], of the shards one after another

    def subset(self, indices: Indices) -> "ShardImages":
        """Return these rows alone."""
        return replace(self, rows=self.rows[indices], labels=self.labels[indices])

    def encoded(self, index: int) -> bytes:
        """Return an image's bytes; none where it has no class."""
        return b"" if self.labels[index] < 0 else self._cells.cell(int(self.rows[index]))

    def called(self, index: int) -> str:
        """Return its shard and row."""
        return Rows(shards=self.shards, column=self.column).name(int(self.rows[index]))

    def digests(self, indices: Indices) -> list[bytes]:
        """Return digests of images' bytes, of which equal ones are of equal images."""
        return [each.tobytes() for each in self._cells.digests[self.rows[indices]]]

    def fingerprint(self) -> str:
        """Return a digest of shards by name and size, of rows and of labels.

        Shards that change but keep name, size and numbers of rows go unnoticed.
        """
        digest = hashlib.sha256(f"{self.size} {self.channels} {self.column}\n".encode())
        for shard in self.shards:
            name = shard.path.rpartition("/")[2]
            digest.update(f"{name}\0{shard.size} {shard.groups}\n".encode())
        for array in (self.rows, self.labels):
            digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        return digest.hexdigest()

    @property
    def _cells(self) -> Unpacked:
        return unpacked(self.key, self.shards, self.column)
