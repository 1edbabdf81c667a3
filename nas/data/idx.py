"""The source `idx`: the files of MNIST and its kin, every byte of which is distrusted."""

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Pool, Source, gray_pool, root_of
from nas.data.regular import open_regular
from nas.errors import DataError, NotFoundError
from nas.spec.study import DataSpec

CHANNELS = 1
UNSIGNED_BYTE = 0x08  # the only element type that images and labels come in
_TRAIN = re.compile(r"(?P<prefix>emnist-[a-z]+-)?train-images[-.]idx3-ubyte(?:\.gz)?")
SIZE_LIMIT = 8 << 30  # bytes; a header may claim anything


@dataclass(frozen=True, kw_only=True, slots=True)
class IdxSet:
    """Where the files of a set lie, and how they begin: EMNIST has several sets in one folder."""

    folder: Path
    prefix: str = ""  # "emnist-letters-"

    def file(self, part: str, what: str) -> Path | None:
        """Return the file of the images or labels of `train` or `t10k`, or None."""
        words = (part, "test") if self.prefix and part == "t10k" else (part,)
        dimensions = 3 if what == "images" else 1
        names = (f"{self.prefix}{word}-{what}" for word in words)
        found = (find_idx(self.folder, name, dimensions=dimensions) for name in names)
        return next(filter(None, found), None)


def find_set(root: Path) -> IdxSet:
    """Return the one set in a folder, or in the folders that downloads put it into.

    Raises:
        DataError: there are several.
    """
    below = [root / "raw", root / "gzip", *sorted(root.glob("*/raw")), *sorted(root.glob("*/gzip"))]
    sets = {
        (folder, match["prefix"] or "")
        for folder in (root, *below)
        if folder.is_dir()
        for path in folder.iterdir()
        if (match := _TRAIN.fullmatch(path.name))
    }
    at_root = {each for each in sets if each[0] == root}
    if (root, "") in sets or not sets:
        return IdxSet(folder=root)
    (folder, prefix), *others = sorted(at_root or sets)
    if others:
        raise DataError(
            f"{root}: holds {len(others) + 1} sets, {folder / prefix}* and "
            f"{others[0][0] / others[0][1]}* among them: put the files of one into a folder"
        )
    return IdxSet(folder=folder, prefix=prefix)


def find_idx(folder: Path, part: str, *, dimensions: int) -> Path | None:
    """Return the file of `part` ("train-images") in `folder`, plain before gzipped, or None."""
    for separator in "-.":
        for suffix in ("", ".gz"):
            path = folder / f"{part}{separator}idx{dimensions}-ubyte{suffix}"
            if path.exists() and not path.is_dir():  # a pipe is refused by name when it is read
                return path
    return None


def read_idx(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """Return the bytes of an IDX file, shaped as its header says.

    Raises:
        NotFoundError: there is no such file.
        DataError: it is damaged, or no IDX file of bytes with so many dimensions.
    """
    try:
        with (
            open_regular(path) as plain,
            gzip.open(plain) if path.suffix == ".gz" else plain as file,
        ):
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
    labels = _labels(find_set(root_of(spec)), "train")
    return tuple(str(label) for label in np.unique(labels))


def _open(spec: DataSpec) -> Dataset:
    root, size = root_of(spec), spec.image_size
    found = find_set(root)
    values = np.unique(_labels(found, "train"))
    has_test = found.file("t10k", "images") is not None
    return Dataset(
        name=str(root),
        channels=spec.channels or CHANNELS,
        class_names=tuple(str(value) for value in values),
        train=_pool(found, "train", values, size),
        evaluation=_pool(found, "t10k", values, size) if has_test else None,
    )


def _pool(found: IdxSet, part: str, values: NDArray[np.uint8], size: int) -> Pool:
    labels = _labels(found, part)
    path = _existing(found, part, "images")
    images = read_idx(path, dimensions=3)
    if len(images) != len(labels):
        raise DataError(f"{path}: {len(images)} images for {len(labels)} labels")
    if 0 in images.shape:
        raise DataError(f"{path}: images of {images.shape[1]} x {images.shape[2]} pixels")
    unknown = np.setdiff1d(labels, values)
    if unknown.size:
        raise DataError(f"{found.folder}: class {unknown[0]} of {part} has no training images")
    return gray_pool(images, np.searchsorted(values, labels).astype(np.int64), size=size)


def _labels(found: IdxSet, part: str) -> NDArray[np.uint8]:
    path = _existing(found, part, "labels")
    labels = read_idx(path, dimensions=1)
    if not labels.size:
        raise DataError(f"{path}: holds no labels")
    return labels


def _existing(found: IdxSet, part: str, what: str) -> Path:
    path = found.file(part, what)
    if path is None:
        name = f"{found.prefix}{part}-{what}-idx{3 if what == 'images' else 1}-ubyte"
        raise NotFoundError(f"{found.folder}: has no file {name} or {name}.gz")
    return path


SOURCE = Source(channels=CHANNELS, class_names=_class_names, open=_open)
