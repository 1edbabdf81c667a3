"""The source `cifar`: the binary versions of CIFAR-10 and CIFAR-100, every byte distrusted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Decoded, Pool, Source, root_of
from nas.data.decoding import resize_rgb
from nas.data.images import Indices
from nas.data.regular import open_regular
from nas.errors import DataError, NotFoundError
from nas.spec.data import DataSpec

CHANNELS = 3
SIDE = 32  # pixels
PIXELS = CHANNELS * SIDE * SIDE  # bytes of an image: its red, its green, then its blue plane
SIZE_LIMIT = 8 << 30  # bytes of all files
NAMES_LIMIT = 64 << 10  # bytes of a file of class names
BATCH = re.compile(r"data_batch_([0-9]{1,3})\.bin")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Version:
    """One of the two that there are."""

    folder: str  # what its archive unpacks to
    labels: int  # bytes before an image; the last is its class
    classes: int
    names: str  # file of the class names, a line each
    test: str


TEN = _Version(
    folder="cifar-10-batches-bin",
    labels=1,
    classes=10,
    names="batches.meta.txt",
    test="test_batch.bin",
)
HUNDRED = _Version(
    folder="cifar-100-binary",
    labels=2,  # coarse, then fine
    classes=100,
    names="fine_label_names.txt",
    test="test.bin",
)
PICKLED = ("data_batch_1", "batches.meta", "train", "meta")  # files of the Python versions
PICKLED_FOLDERS = ("cifar-10-batches-py", "cifar-100-python")


def _found(spec: DataSpec) -> tuple[Path, _Version, list[Path]]:
    """Return the folder, what lies in it, and its files to train on."""
    given = root_of(spec)
    for root in (given, given / TEN.folder, given / HUNDRED.folder):
        batches = _batches(root)
        if batches and (root / "train.bin").exists():
            raise DataError(
                f"{root}: holds both CIFAR-10 (data_batch_*.bin) and CIFAR-100 (train.bin): "
                "keep each in a folder of its own"
            )
        if batches:
            return root, TEN, batches
        if (root / "train.bin").exists():
            return root, HUNDRED, [root / "train.bin"]
    pickled = [given / name for name in PICKLED if (given / name).is_file()]
    pickled += [given / name for name in PICKLED_FOLDERS if (given / name).is_dir()]
    if pickled:
        raise DataError(
            f"{pickled[0]}: is of CIFAR's Python version, and pickle is never read: "
            "take the binary version"
        )
    raise NotFoundError(
        f"{given}: has no data_batch_1.bin (CIFAR-10) and no train.bin (CIFAR-100): "
        "data.path is the folder that the binary version unpacks to"
    )


def _batches(root: Path) -> list[Path]:
    """Return the files of CIFAR-10 in the order of their numbers, which begin at 1."""
    if not root.is_dir():
        return []
    found = ((BATCH.fullmatch(path.name), path) for path in root.iterdir())
    numbered = {int(match[1]): path for match, path in found if match}
    for number in range(1, max(numbered, default=0) + 1):
        if number not in numbered:
            raise NotFoundError(
                f"{root / f'data_batch_{number}.bin'}: is missing: unpack the archive again"
            )
    return [numbered[number] for number in sorted(numbered)]


def _names(root: Path, version: _Version) -> tuple[str, ...]:
    """Return the classes by label: their names where these are told, else their numbers."""
    path = root / version.names
    if not path.exists():
        return tuple(str(number) for number in range(version.classes))
    content = _content(path, NAMES_LIMIT)
    try:
        names = tuple(line.strip() for line in content.decode().splitlines() if line.strip())
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text: remove it, and classes are numbered") from error
    if len(names) != len(set(names)) or len(names) < 2 or not "".join(names).isprintable():
        raise DataError(
            f"{path}: needs a printable name for each class, one a line and none twice: "
            "remove it, and classes are numbered"
        )
    return names


def _read(paths: Sequence[Path], version: _Version, names: Sequence[str], size: int) -> Pool:
    """Return the images of some files, kept as they are until they are decoded."""
    record, left = version.labels + PIXELS, SIZE_LIMIT
    parts: list[NDArray[np.uint8]] = []
    for path in paths:
        content = _content(path, left)
        left -= len(content)
        if not content or len(content) % record:
            raise DataError(
                f"{path}: {len(content):,} bytes are not a whole number of images of {record:,}: "
                "it is cut short or not of this version of CIFAR; unpack the archive again"
            )
        rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, record)
        labels = rows[:, version.labels - 1]
        if int(labels.max()) >= len(names):
            raise DataError(
                f"{path}: image {int(np.argmax(labels))} is of class {int(labels.max())}, and "
                f"there are {len(names)} classes, from 0: unpack the archive again"
            )
        parts.append(rows)
    rows = parts[0] if len(parts) == 1 else np.concatenate(parts)

    def decode(indices: Indices) -> Decoded:
        images = rows[indices, version.labels :].reshape(-1, CHANNELS, SIDE, SIDE)
        return Decoded(images=resize_rgb(images, size=size), bad={})

    return Pool(labels=rows[:, version.labels - 1].astype(np.int64), decode=decode)


def _content(path: Path, limit: int) -> bytes:
    try:
        with open_regular(path) as file:
            content = file.read(limit + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror}" if error.strerror else f"{error}"
        raise DataError(f"{path}: {why}: unpack the archive again") from error
    if len(content) > limit:
        raise DataError(f"{path}: is longer than {limit:,} bytes, which no file of CIFAR is")
    return content


def _class_names(spec: DataSpec) -> tuple[str, ...]:
    root, version, _ = _found(spec)
    return _names(root, version)


def _open(spec: DataSpec) -> Dataset:
    root, version, batches = _found(spec)
    names = _names(root, version)
    test = root / version.test
    return Dataset(
        name=str(root),
        channels=spec.channels or CHANNELS,
        class_names=names,
        train=_read(batches, version, names, spec.image_size),
        evaluation=_read([test], version, names, spec.image_size) if test.exists() else None,
    )


SOURCE = Source(channels=CHANNELS, class_names=_class_names, open=_open)
