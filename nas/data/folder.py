"""The source `folder`: image files in a folder for each class."""

import os
from pathlib import Path

import numpy as np

from nas.data.dataset import Dataset, Decoded, Pool, Source, root_of
from nas.data.decoding import SUFFIXES
from nas.data.files import ImageFiles
from nas.data.images import Indices
from nas.errors import DataError
from nas.spec.study import DataSpec

CHANNELS = 3


def _class_names(spec: DataSpec) -> tuple[str, ...]:
    return tuple(folder.name for folder in _class_folders(_train_root(root_of(spec))))


def _open(spec: DataSpec) -> Dataset:
    root, channels = root_of(spec), spec.channels or CHANNELS
    train_root = _train_root(root)
    names = tuple(folder.name for folder in _class_folders(train_root))
    evaluation = None
    if train_root != root:
        tests = [root / name for name in ("val", "test") if (root / name).is_dir()]
        if tests:
            evaluation = _pool(_files(tests[0], names, spec.image_size, channels))
    return Dataset(
        name=str(root),
        channels=channels,
        class_names=names,
        train=_pool(_files(train_root, names, spec.image_size, channels)),
        evaluation=evaluation,
    )


def _train_root(root: Path) -> Path:
    return root / "train" if (root / "train").is_dir() else root


def _class_folders(root: Path) -> list[Path]:
    folders = sorted(
        path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(folders) < 2:
        raise DataError(
            f"{root}: needs a folder for each of at least 2 classes, has {len(folders)}"
        )
    return folders


def _files(root: Path, names: tuple[str, ...], size: int, channels: int) -> ImageFiles:
    """List the images of every class, in the order of their names."""
    listed: list[bytes] = []
    labels: list[int] = []
    for folder in _class_folders(root):
        if folder.name not in names:
            raise DataError(f"{folder}: class {folder.name!r} has no training images")
        files = sorted(
            path.name
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        )
        listed += [os.fsencode(f"{folder.name}/{name}") for name in files]
        labels += [names.index(folder.name)] * len(files)
    return ImageFiles(
        root=str(root),
        names=np.array(listed, dtype=np.bytes_),
        labels=np.array(labels, dtype=np.int64),
        size=size,
        channels=channels,
    )


def _pool(files: ImageFiles) -> Pool:
    def decode(indices: Indices) -> Decoded:
        images, bad = files.decode(indices)
        return Decoded(images=images, bad=bad)

    return Pool(labels=files.labels, decode=decode, on_demand=files, path=files.path)


SOURCE = Source(channels=CHANNELS, class_names=_class_names, open=_open)
