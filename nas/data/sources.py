"""The places images come from, as labels that are cheap to read and pixels decoded on demand."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.data import procedural
from nas.data.files import ImageFiles, Indices, Pixels
from nas.data.idx import find_idx, read_idx
from nas.data.image_files import SUFFIXES, resize_gray
from nas.data.procedural import ProceduralImages
from nas.errors import DataError, NotFoundError
from nas.spec.study import DataSpec

DIGITS_LEVELS = 16  # scikit-learn's digits hold 0..16


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """Images uint8 [N, C, S, S], gray or RGB, and why those in `bad` could not be read."""

    images: Pixels
    bad: dict[int, str]  # index into `images` -> "file: reason"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Labelled images not yet decoded."""

    labels: Indices  # [N], 0 .. classes - 1
    decode: Callable[[Indices], Decoded]
    files: ImageFiles | None = None  # where the images are files


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a data spec names. Without a test set of its own `evaluation` is None.

    With a `stream` images to train on have no end, and `train` is the probe alone.
    """

    name: str  # for messages
    channels: int  # asked for, or else the source's own
    class_names: tuple[str, ...]
    train: Pool
    evaluation: Pool | None
    stream: ProceduralImages | None = None


def open_source(spec: DataSpec) -> Source:
    """Read names and labels.

    Raises:
        NotFoundError: the path does not exist.
        DataError: it does not hold what the source needs.
    """
    match spec.source:
        case "digits":
            return _digits(spec)
        case "idx":
            return _idx(_root(spec), spec)
        case "folder":
            return _folder(_root(spec), spec)
        case "procedural":
            return _procedural(spec)


def class_names(spec: DataSpec) -> tuple[str, ...]:
    """Return the classes by index, reading no image.

    Raises:
        NotFoundError, DataError: as `open_source`.
    """
    match spec.source:
        case "digits":
            return tuple("0123456789")
        case "idx":
            labels = _idx_labels(_root(spec), "train")
            return tuple(str(label) for label in np.unique(labels))
        case "folder":
            return tuple(folder.name for folder in _class_folders(_train_root(_root(spec))))
        case "procedural":
            return procedural.CLASS_NAMES


def _root(spec: DataSpec) -> Path:
    root = Path(spec.path or "").expanduser()
    if not root.exists():
        raise NotFoundError(f"data.path {root}: no such folder")
    if not root.is_dir():
        raise DataError(f"data.path {root}: is not a folder")
    return root


def _digits(spec: DataSpec) -> Source:
    from sklearn.datasets import load_digits  # noqa: PLC0415 - 2 s that only this source pays

    pixels, labels = load_digits(return_X_y=True)
    scaled = np.rint(pixels.reshape(-1, 8, 8) * (255 / DIGITS_LEVELS)).astype(np.uint8)
    return Source(
        name="digits",
        channels=spec.channels or 1,
        class_names=tuple("0123456789"),
        train=_gray_pool(scaled, np.asarray(labels, dtype=np.int64), spec.image_size),
        evaluation=None,
    )


def _gray_pool(images_bhw: NDArray[np.uint8], labels: Indices, size: int) -> Pool:
    def decode(indices: Indices) -> Decoded:
        return Decoded(images=resize_gray(images_bhw[indices], size=size), bad={})

    return Pool(labels=labels, decode=decode)


def _idx(root: Path, spec: DataSpec) -> Source:
    values, size = np.unique(_idx_labels(root, "train")), spec.image_size
    has_test = find_idx(root, "t10k-images", dimensions=3) is not None
    return Source(
        name=str(root),
        channels=spec.channels or 1,
        class_names=tuple(str(value) for value in values),
        train=_idx_pool(root, "train", values, size),
        evaluation=_idx_pool(root, "t10k", values, size) if has_test else None,
    )


def _idx_pool(root: Path, part: str, values: NDArray[np.uint8], size: int) -> Pool:
    labels = _idx_labels(root, part)
    path = _found(find_idx(root, f"{part}-images", dimensions=3), root, f"{part}-images-idx3-ubyte")
    images = read_idx(path, dimensions=3)
    if len(images) != len(labels):
        raise DataError(f"{path}: {len(images)} images for {len(labels)} labels")
    if 0 in images.shape:
        raise DataError(f"{path}: images of {images.shape[1]} x {images.shape[2]} pixels")
    unknown = np.setdiff1d(labels, values)
    if unknown.size:
        raise DataError(f"{root}: class {unknown[0]} of {part} has no training images")
    return _gray_pool(images, np.searchsorted(values, labels).astype(np.int64), size)


def _idx_labels(root: Path, part: str) -> NDArray[np.uint8]:
    path = find_idx(root, f"{part}-labels", dimensions=1)
    labels = read_idx(_found(path, root, f"{part}-labels-idx1-ubyte"), dimensions=1)
    if not labels.size:
        raise DataError(f"{path}: holds no labels")
    return labels


def _found(path: Path | None, root: Path, name: str) -> Path:
    if path is None:
        raise NotFoundError(f"{root}: has no file {name} or {name}.gz")
    return path


def _folder(root: Path, spec: DataSpec) -> Source:
    train_root, channels = _train_root(root), spec.channels or 3
    names = tuple(folder.name for folder in _class_folders(train_root))
    evaluation = None
    if train_root != root:
        tests = [root / name for name in ("val", "test") if (root / name).is_dir()]
        if tests:
            evaluation = _files_pool(_files(tests[0], names, spec.image_size, channels))
    return Source(
        name=str(root),
        channels=channels,
        class_names=names,
        train=_files_pool(_files(train_root, names, spec.image_size, channels)),
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


def _files_pool(files: ImageFiles) -> Pool:
    def decode(indices: Indices) -> Decoded:
        images, bad = files.decode(indices)
        return Decoded(images=images, bad=bad)

    return Pool(labels=files.labels, decode=decode, files=files)


def _procedural(spec: DataSpec) -> Source:
    if spec.image_size < procedural.SMALLEST:
        raise DataError(
            f"data.image_size: {spec.image_size} pixels are too few for source 'procedural', which "
            f"needs {procedural.SMALLEST} or more"
        )
    stream, evaluation = (
        ProceduralImages(
            name=name,
            seed=spec.split_seed,
            size=spec.image_size,
            channels=spec.channels or procedural.CHANNELS,
        )
        for name in ("train", "evaluation")
    )
    return Source(
        name="procedural",
        channels=stream.channels,
        class_names=procedural.CLASS_NAMES,
        train=_rendered_pool(stream, spec.train or spec.probe),
        evaluation=_rendered_pool(evaluation, spec.evaluation or procedural.EVALUATION),
        stream=stream if spec.endless else None,
    )


def _rendered_pool(stream: ProceduralImages, count: int) -> Pool:
    """Return the first `count` images of a stream."""
    import torch

    from nas.data.rendering import labels_of, render  # noqa: PLC0415 - likewise

    def decode(indices: Indices) -> Decoded:
        images, _ = render(stream, torch.from_numpy(indices))
        return Decoded(images=images.numpy(), bad={})

    return Pool(labels=labels_of(stream, torch.arange(count)).numpy(), decode=decode)
