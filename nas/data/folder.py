"""The source `folder`: image files in a folder for each class."""

import os
from collections import Counter
from pathlib import Path

import numpy as np

from nas.data.dataset import Dataset, Decoded, Pool, Source, root_of
from nas.data.files import ImageFiles
from nas.data.images import Indices
from nas.data.layout import (
    class_folders,
    count_loose,
    count_unused,
    find_layout,
    listed,
    unused_words,
)
from nas.errors import DataError
from nas.spec.study import DataSpec

CHANNELS = 3


def _class_names(spec: DataSpec) -> tuple[str, ...]:
    return tuple(folder.name for folder in class_folders(find_layout(root_of(spec)).train))


def _open(spec: DataSpec) -> Dataset:
    root, channels = root_of(spec), spec.channels or CHANNELS
    layout = find_layout(root)
    names = tuple(folder.name for folder in class_folders(layout.train))
    unused: Counter[str] = Counter()
    roots = [layout.train, *([] if layout.evaluation is None else [layout.evaluation])]
    pools = [_pool(_files(each, names, spec.image_size, channels, unused)) for each in roots]
    for folder in dict.fromkeys((root, *roots)):
        count_loose(folder, unused)
    for folder in layout.beside:
        count_unused(folder, unused, where=f"in {folder.name}/")
    return Dataset(
        name=str(root),
        channels=channels,
        class_names=names,
        train=pools[0],
        evaluation=None if layout.evaluation is None else pools[1],
        notes=tuple(filter(None, (layout.note, unused_words(root, unused)))),
    )


def _files(
    root: Path, names: tuple[str, ...], size: int, channels: int, unused: Counter[str]
) -> ImageFiles:
    """List the images of every class, in the order of their names; count other files."""
    found: list[bytes] = []
    labels: list[int] = []
    for folder in class_folders(root):
        if folder.name not in names:
            raise DataError(f"{folder}: class {folder.name!r} has no training images")
        files = listed(folder, unused)
        found += [os.fsencode(f"{folder.name}/{name}") for name in files]
        labels += [names.index(folder.name)] * len(files)
    return ImageFiles(
        root=str(root),
        names=np.array(found, dtype=np.bytes_),
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
