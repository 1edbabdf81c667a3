"""The images of a study: decoded once, split once, the same for every trial."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import DataError
from nas.records import DataShape
from nas.seeds import derive_seed
from nas.spec import DataSpec
from nas.training.sources import Decoded, Indices, Pool, Source, class_names, open_source

DECODED_LIMIT = 8 << 30  # bytes; all images of a study live in memory
CHUNK = 4096  # images of which statistics are taken at a time
LEVELS = 256


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageData:
    """Read-only arrays that all trials of a node share; N images, C channels, S x S pixels."""

    train_images: NDArray[np.uint8]  # [N, C, S, S]
    train_labels: Indices  # [N]
    probe_indices: Indices  # into the training images; where the comparable loss is measured
    evaluation_images: NDArray[np.uint8]  # [M, C, S, S]
    evaluation_labels: Indices  # [M]
    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of the training images by channel, pixels in [0, 1]
    std: tuple[float, ...]
    fingerprint: str  # sha256 of the arrays: equal data, equal fingerprint
    bad_files: tuple[str, ...] = ()  # "file: reason" of what could not be read

    @property
    def shape(self) -> DataShape:
        """What a network must know of these images."""
        return DataShape(
            image_size=self.train_images.shape[-1],
            channels=self.train_images.shape[1],
            classes=len(self.class_names),
        )


def peek(spec: DataSpec) -> DataShape:
    """Return what a network must know of the data, decoding no image.

    Raises:
        NotFoundError: the path does not exist.
        DataError: it does not hold what the source needs.
    """
    return DataShape(
        image_size=spec.image_size,
        channels=3 if spec.source == "folder" else 1,
        classes=len(class_names(spec)),
    )


def load(spec: DataSpec) -> ImageData:
    """Decode and split the images; the split depends on the spec and the source alone.

    Raises:
        NotFoundError: the path does not exist.
        DataError: files are damaged beyond `max_bad`, there are too few images for the split, a
            class has none to train on, or the decoded images exceed 8 GiB.
    """
    source = open_source(spec)
    train, evaluation = _split(source, spec)
    evaluation_pool = source.evaluation or source.train
    _check_size(source, spec, len(train) + len(evaluation))
    train_images, train_labels, bad = _decode(source.train, train)
    evaluation_images, evaluation_labels, evaluation_bad = _decode(evaluation_pool, evaluation)
    bad += evaluation_bad
    _check_bad(bad, spec, len(train) + len(evaluation))
    _check_classes(source, train_labels, evaluation_labels)
    rng = np.random.default_rng(derive_seed(spec.split_seed, "probe"))
    probe = rng.permutation(len(train_labels))[: spec.probe]
    mean, std = _statistics(train_images)
    arrays = {
        "train_images": train_images,
        "train_labels": train_labels,
        "probe_indices": np.sort(probe).astype(np.int64),
        "evaluation_images": evaluation_images,
        "evaluation_labels": evaluation_labels,
    }
    for array in arrays.values():
        array.setflags(write=False)
    return ImageData(
        **arrays,
        class_names=source.class_names,
        mean=mean,
        std=std,
        fingerprint=_fingerprint(arrays, source.class_names),
        bad_files=tuple(bad),
    )


def _split(source: Source, spec: DataSpec) -> tuple[Indices, Indices]:
    """Return indices to train on and, of the pool that has them, to evaluate on."""
    rng = np.random.default_rng(derive_seed(spec.split_seed, "split"))
    labels = source.train.labels
    if source.evaluation is not None:
        rest = np.arange(len(labels))
        available = len(source.evaluation.labels)
        count = available if spec.evaluation is None else spec.evaluation
        _check_count("evaluation", count, available, source)
        evaluation = _stratified(source.evaluation.labels, count, rng)
    else:
        count = len(labels) // 3 if spec.evaluation is None else spec.evaluation
        _check_count("evaluation", count, len(labels) - 2, source)
        evaluation = _stratified(labels, count, rng)
        rest = np.setdiff1d(np.arange(len(labels)), evaluation)
    count = len(rest) if spec.train is None else spec.train
    _check_count("train", count, len(rest), source, at_least=2)
    return rest[_stratified(labels[rest], count, rng)], evaluation


def _check_count(key: str, count: int, available: int, source: Source, at_least: int = 1) -> None:
    if not at_least <= count <= available:
        raise DataError(
            f"data.{key}: {count} images asked of {source.name}, which has {max(available, 0)} "
            f"for it; {at_least} or more are needed"
        )


def _stratified(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Return `count` sorted indices with the classes in proportion, each class at least once.

    Every image gets its place within its class as a fraction; the smallest fractions are taken,
    with the first of each class before all others.
    """
    order = rng.permutation(len(labels))
    fraction = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        fraction[members] = (np.arange(len(members)) + 0.5) / len(members)
        fraction[members[0]] = -1.0
    chosen = order[np.argsort(fraction[order], kind="stable")[:count]]
    return np.sort(chosen)


def _check_size(source: Source, spec: DataSpec, count: int) -> None:
    size = count * source.channels * spec.image_size**2
    if size > DECODED_LIMIT:
        raise DataError(
            f"{source.name}: {count:,} images of {spec.image_size} pixels are {size / 2**30:.1f} "
            f"GiB decoded, more than {DECODED_LIMIT / 2**30:.0f} GiB: lower data.image_size, "
            "data.train or data.evaluation"
        )


def _decode(pool: Pool, indices: Indices) -> tuple[NDArray[np.uint8], Indices, list[str]]:
    decoded: Decoded = pool.decode(indices)
    images, labels = decoded.images, pool.labels[indices]
    if decoded.bad:
        bad = list(decoded.bad)
        images, labels = np.delete(images, bad, axis=0), np.delete(labels, bad)
    return np.ascontiguousarray(images), labels, list(decoded.bad.values())


def _check_bad(bad: list[str], spec: DataSpec, count: int) -> None:
    if len(bad) > spec.max_bad * count:
        raise DataError(
            f"{len(bad)} of {count} images cannot be read, more than data.max_bad "
            f"{spec.max_bad:g}; the first is {bad[0]}"
        )


def _check_classes(source: Source, train_labels: Indices, evaluation_labels: Indices) -> None:
    counts = np.bincount(train_labels, minlength=len(source.class_names))
    if not counts.all():
        name = source.class_names[int(np.argmin(counts))]
        raise DataError(f"{source.name}: class {name!r} has no training images")
    if not evaluation_labels.size:
        raise DataError(f"{source.name}: no evaluation image could be read")


def _statistics(images: NDArray[np.uint8]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation by channel, exact, from histograms."""
    levels = np.arange(LEVELS) / (LEVELS - 1)
    mean, std = [], []
    for channel in range(images.shape[1]):
        counts = np.zeros(LEVELS, dtype=np.int64)
        for start in range(0, len(images), CHUNK):
            pixels = images[start : start + CHUNK, channel].ravel()
            counts += np.bincount(pixels, minlength=LEVELS)
        center = float(np.average(levels, weights=counts))
        spread = float(np.average((levels - center) ** 2, weights=counts)) ** 0.5
        mean.append(center)
        std.append(max(spread, 1 / (LEVELS - 1)))  # images all of one colour
    return tuple(mean), tuple(std)


def _fingerprint(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(names).encode())
    for name, array in arrays.items():
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
