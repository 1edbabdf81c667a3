"""The cells of a Parquet column in one flat file of this node, so that any can be had at once.

A shard is read from its front: a shuffled epoch would read a row group for each image. So a set
that does not fit into memory is unpacked once a node, still encoded; its workers share the pages.
"""

import fcntl
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nas.data.shards import ROWS, Shard
from nas.errors import DataError
from nas.study.cache import cache_folder

DIGEST = 16  # bytes: of 10 million images two would agree by chance once in 10^24 sets
SAID = 1 << 30  # bytes from which copying takes long enough to be said
_BYTES, _ENDS, _DIGESTS = "bytes", "ends", "digests"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Unpacked:
    """Cells by number; an empty one was null."""

    content: NDArray[np.uint8]  # of all cells, mapped
    ends: NDArray[np.int64]  # of each cell
    digests: NDArray[np.uint8]  # [N, DIGEST]

    def cell(self, index: int) -> bytes:
        """Return a cell."""
        start = int(self.ends[index - 1]) if index else 0
        return self.content[start : int(self.ends[index])].tobytes()


_open: dict[str, Unpacked] = {}  # by key; asked for with every image


def unpacked(key: str, shards: Sequence[Shard], column: str) -> Unpacked:
    """Return the cells of a column of some shards, unpacked here if they are not yet.

    Raises:
        DataError: a shard is damaged, or the cache has no room.
    """
    found = _open.get(key)
    if found is None:
        folder = cache_folder() / "images" / key
        if not folder.is_dir():
            _unpack(shards, column, folder)
        found = _open[key] = _mapped(folder)
    return found


def key_of(shards: Sequence[Shard], column: str) -> str:
    """Return what tells the shards from others: where they lie, their sizes and times."""
    digest = hashlib.sha256(column.encode())
    for shard in shards:
        digest.update(f"\0{shard.name}\0{shard.size} {shard.modified} {shard.groups}".encode())
    return digest.hexdigest()[:32]


def _mapped(folder: Path) -> Unpacked:
    ends = np.fromfile(folder / _ENDS, np.int64)
    size = int(ends[-1]) if len(ends) else 0
    file = folder / _BYTES
    content = np.memmap(file, mode="r", shape=(size,)) if size else np.zeros(0, np.uint8)
    digests = np.fromfile(folder / _DIGESTS, np.uint8).reshape(-1, DIGEST)
    return Unpacked(content=content, ends=ends, digests=digests)


def _unpack(shards: Sequence[Shard], column: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lock = stack.enter_context(folder.with_name(f"{folder.name}.lock").open("a"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():  # made by another worker of this node meanwhile
            return
        wanted = sum(shard.size for shard in shards)
        _check_room(folder.parent, wanted)
        if wanted > SAID:
            _logger.warning(
                "copying %.1f GB of encoded images to %s, once", wanted / 1e9, folder.parent
            )
        beside = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
        stack.callback(shutil.rmtree, beside, ignore_errors=True)
        try:
            _write(shards, column, beside)
            beside.rename(folder)
        except OSError as error:
            raise DataError(
                f"{folder.parent}: the images cannot be copied there: {error.strerror or error}; "
                "set XDG_CACHE_HOME to a folder with room on every node"
            ) from error


def _write(shards: Sequence[Shard], column: str, folder: Path) -> None:
    ends: list[int] = []
    digests = bytearray()
    at = 0
    with (folder / _BYTES).open("wb") as file:
        for shard in shards:
            for part in shard.parts(column, [*range(len(shard.groups))], size=ROWS):
                cells = part.flatten()[0] if pa.types.is_struct(part.type) else part
                for cell in cells:
                    content = b"" if not cell.is_valid else cell.as_buffer()
                    at += file.write(content)
                    ends.append(at)
                    digests += hashlib.blake2b(content, digest_size=DIGEST).digest()
    np.array(ends, np.int64).tofile(folder / _ENDS)
    (folder / _DIGESTS).write_bytes(digests)


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise DataError(
            f"{folder}: the images take {wanted / 1e9:.1f} GB there, {free / 1e9:.1f} GB are free: "
            "set XDG_CACHE_HOME to a folder with room on every node"
        )
