"""The source `idx`: the files of MNIST and Fashion-MNIST, every byte of which is distrusted."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Pool, Source, gray_pool, root_of
from nas.errors import DataError, NotFoundError
from nas.spec.study import DataSpec

CHANNELS = 1
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


def _class_names(spec: DataSpec) -> tuple[str, ...]:
    labels = _labels(root_of(spec), "train")
    return tuple(str(label) for label in np.unique(labels))


def _open(spec: DataSpec) -> Dataset:
    root, size = root_of(spec), spec.image_size
    values = np.unique(_labels(root, "train"))
    has_test = find_idx(root, "t10k-images", dimensions=3) is not None
    return Dataset(
        name=str(root),
        channels=spec.channels or CHANNELS,
        class_names=tuple(str(value) for value in values),
        train=_pool(root, "train", values, size),
        evaluation=_pool(root, "t10k", values, size) if has_test else None,
    )


def _pool(root: Path, part: str, values: NDArray[np.uint8], size: int) -> Pool:
    labels = _labels(root, part)
    path = _found(find_idx(root, f"{part}-images", dimensions=3), root, f"{part}-images-idx3-ubyte")
    images = read_idx(path, dimensions=3)
    if len(images) != len(labels):
        raise DataError(f"{path}: {len(images)} images for {len(labels)} labels")
    if 0 in images.shape:
        raise DataError(f"{path}: images of {images.shape[1]} x {images.shape[2]} pixels")
    unknown = np.setdiff1d(labels, values)
    if unknown.size:
        raise DataError(f"{root}: class {unknown[0]} of {part} has no training images")
    return gray_pool(images, np.searchsorted(values, labels).astype(np.int64), size=size)


def _labels(root: Path, part: str) -> NDArray[np.uint8]:
    path = find_idx(root, f"{part}-labels", dimensions=1)
    labels = read_idx(_found(path, root, f"{part}-labels-idx1-ubyte"), dimensions=1)
    if not labels.size:
        raise DataError(f"{path}: holds no labels")
    return labels


def _found(path: Path | None, root: Path, name: str) -> Path:
    if path is None:
        raise NotFoundError(f"{root}: has no file {name} or {name}.gz")
    return path


SOURCE = Source(channels=CHANNELS, class_names=_class_names, open=_open)
