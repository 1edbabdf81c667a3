"""Reads IDX files, the format of MNIST and Fashion-MNIST, and distrusts every byte of them."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.errors import DataError, NotFoundError

UNSIGNED_BYTE = 0x08  # the only element type that images and labels come in
SIZE_LIMIT = 8 << 30  # bytes; a header may claim anything


def find_idx(folder: Path, part: str, *, dimensions: int) -> Path | None:
    """Return the file of `part` ("train-images") in `folder`, plain before gzipped, or None."""
    for separator in "-.":
        for suffix in ("", ".gz"):
            path = folder / f"{part}{separator}idx{dimensions}-ubyte{suffix}"
            if path.is_file():
                return path
    return None


def read_idx(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """Return the bytes of an IDX file, shaped as its header says.

    Raises:
        NotFoundError: there is no such file.
        DataError: it is damaged, or no IDX file of bytes with so many dimensions.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            header = file.read(4 + 4 * dimensions)
            shape = _shape(header, dimensions, path)
            size = math.prod(shape)
            if size > SIZE_LIMIT:
                raise DataError(f"{path}: claims {size:,} bytes, more than {SIZE_LIMIT:,}")
            content = file.read(size + 1)  # one more than promised shows what is too long
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if len(content) != size:
        found = "more" if len(content) > size else f"{len(content):,}"
        raise DataError(f"{path}: its header promises {size:,} bytes, it holds {found}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _shape(header: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    magic = bytes((0, 0, UNSIGNED_BYTE, dimensions))
    if header[:4] != magic:
        raise DataError(
            f"{path}: not an IDX file of bytes in {dimensions} dimensions: "
            f"begins with {header[:4].hex() or 'nothing'}, not {magic.hex()}"
        )
    if len(header) != 4 + 4 * dimensions:
        raise DataError(f"{path}: ends within its header")
    return struct.unpack(f">{dimensions}I", header[4:])
