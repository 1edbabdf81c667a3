"""The images of a study: decoded once, split once, the same for every trial."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.files import ImageFiles, Indices, Pixels
from nas.data.image_files import to_channels
from nas.data.procedural import ProceduralImages
from nas.data.sources import Pool, Source, class_names, open_source
from nas.errors import DataError
from nas.seeds import derive_seed
from nas.spec.study import DataSpec
from nas.study.records import DataShape

DECODED_LIMIT = 8 << 30  # bytes that all images of a study may take in memory
SAMPLE = 20_000  # files that are read beforehand where they do not fit
CHUNK = 1024  # images decoded at a time
LEVELS = 256


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageArrays:
    """Images in memory, as read-only arrays."""

    images: Pixels  # uint8 [N, C, S, S]
    labels: Indices  # [N]

    @property
    def count(self) -> int:
        """Images there are."""
        return len(self.labels)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageData:
    """What all trials of a study train on: arrays that a node shares, or whence images come.

    `count` of the images to train on is None where they have no end.
    """

    shape: DataShape  # what a network must know of these images
    train: ImageArrays | ImageFiles | ProceduralImages
    probe_indices: Indices  # of training images; where the comparable loss is measured
    evaluation: ImageArrays | ImageFiles
    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of the training images by channel, pixels in [0, 1]
    std: tuple[float, ...]
    fingerprint: str  # sha256: equal data, equal fingerprint
    bad_files: tuple[str, ...] = ()  # "file: reason" of what could not be read


def peek(spec: DataSpec) -> DataShape:
    """Return what a network must know of the data, decoding no image.

    Raises:
        NotFoundError: the path does not exist.
        DataError: it does not hold what the source needs.
    """
    return DataShape(
        image_size=spec.image_size,
        channels=spec.channels or (1 if spec.source in ("digits", "idx") else 3),
        classes=len(class_names(spec)),
    )


def load(spec: DataSpec, *, limit: int = DECODED_LIMIT) -> ImageData:
    """Decode and split the images; the split depends on the spec and the source alone.

    Image files of more than `limit` bytes decoded are not kept but read as training needs them:
    then mean, deviation and the share of unreadable files are of a random sample, those unreadable
    beyond it are replaced (`ImageFiles.batches`), and the fingerprint is of names and sizes
    (`ImageFiles.fingerprint`). Of data without end the first images, the probe, give mean and
    deviation.

    Raises:
        NotFoundError: the path does not exist.
        DataError: files are damaged beyond `max_bad`, there are too few images for the split, a
            class has none to train on, or images that are no files exceed the limit.
    """
    source = open_source(spec)
    train, evaluation = _split(source, spec)
    shape = DataShape(
        image_size=spec.image_size, channels=source.channels, classes=len(source.class_names)
    )
    size = (len(train) + len(evaluation)) * shape.channels * shape.image_size**2
    if size > limit and source.train.files is not None:
        return _stream(source, spec, shape, train, evaluation)
    if size > limit:
        raise DataError(
            f"{source.name}: {len(train) + len(evaluation):,} images of {spec.image_size} pixels "
            f"are {size / 2**30:.1f} GiB decoded, more than {limit / 2**30:.0f} GiB: lower "
            "data.image_size, data.train or data.evaluation"
        )
    training, bad = _decode(source.train, train, source, spec)
    pool = source.evaluation or source.train
    evaluating, evaluation_bad = _decode(pool, evaluation, source, spec)
    bad += evaluation_bad
    _check_bad(bad, spec, len(train) + len(evaluation))
    _check_classes(source, training.labels, evaluating.labels, endless=spec.endless)
    probe = _probe(spec, training.count)
    mean, std = _statistics(_chunks(training.images))
    arrays = {
        "train_images": training.images,
        "train_labels": training.labels,
        "probe_indices": probe,
        "evaluation_images": evaluating.images,
        "evaluation_labels": evaluating.labels,
    }
    for array in arrays.values():
        array.setflags(write=False)
    facts = "" if source.stream is None else source.stream.fingerprint()
    return ImageData(
        shape=shape,
        train=training if source.stream is None else source.stream,
        probe_indices=probe,
        evaluation=evaluating,
        class_names=source.class_names,
        mean=mean,
        std=std,
        fingerprint=_fingerprint(arrays, (*source.class_names, *([facts] if facts else []))),
        bad_files=tuple(bad),
    )


def _stream(
    source: Source, spec: DataSpec, shape: DataShape, train: Indices, evaluation: Indices
) -> ImageData:
    """Return files instead of images; a sample of those to train on is read to know them."""
    pool = source.evaluation or source.train
    assert source.train.files is not None
    assert pool.files is not None
    files, evaluating = source.train.files.subset(train), pool.files.subset(evaluation)
    rng = np.random.default_rng(derive_seed(spec.split_seed, "sample"))
    sample = np.sort(rng.permutation(files.count)[:SAMPLE])
    bad: dict[int, str] = {}
    mean, std = _statistics(_readable(files, sample, bad, spec))
    files = files.subset(np.setdiff1d(np.arange(files.count), list(bad)))
    _check_classes(source, files.labels, evaluating.labels)
    probe = _probe(spec, files.count)
    facts = (*source.class_names, files.fingerprint(), evaluating.fingerprint())
    return ImageData(
        shape=shape,
        train=files,
        probe_indices=probe,
        evaluation=evaluating,
        class_names=source.class_names,
        mean=mean,
        std=std,
        fingerprint=_fingerprint({"probe_indices": probe}, facts),
        bad_files=tuple(bad.values()),
    )


def _readable(
    files: ImageFiles, sample: Indices, bad: dict[int, str], spec: DataSpec
) -> Iterator[Pixels]:
    """Yield the images of a sample a chunk at a time; note those that cannot be read in `bad`."""
    for start in range(0, len(sample), CHUNK):
        chosen = sample[start : start + CHUNK]
        images, reasons = files.decode(chosen)
        bad.update({int(chosen[place]): reason for place, reason in reasons.items()})
        yield np.delete(images, list(reasons), axis=0)
    _check_bad(list(bad.values()), spec, len(sample))


def _probe(spec: DataSpec, count: int) -> Indices:
    """Return which training images the comparable loss is measured on; the first without end."""
    if spec.endless:
        return np.arange(min(spec.probe, count))
    rng = np.random.default_rng(derive_seed(spec.split_seed, "probe"))
    return np.sort(rng.permutation(count)[: spec.probe]).astype(np.int64)


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


def _decode(
    pool: Pool, indices: Indices, source: Source, spec: DataSpec
) -> tuple[ImageArrays, list[str]]:
    """Decode the images, a chunk at a time, and leave out those that cannot be."""
    images = np.empty((len(indices), source.channels, *[spec.image_size] * 2), dtype=np.uint8)
    bad: dict[int, str] = {}
    for start in range(0, len(indices), CHUNK):
        decoded = pool.decode(indices[start : start + CHUNK])
        images[start : start + CHUNK] = to_channels(decoded.images, source.channels)
        bad |= {start + place: reason for place, reason in decoded.bad.items()}
    labels = pool.labels[indices]
    if bad:
        images, labels = np.delete(images, list(bad), axis=0), np.delete(labels, list(bad))
    return ImageArrays(images=images, labels=labels), list(bad.values())


def _check_bad(bad: list[str], spec: DataSpec, count: int) -> None:
    if len(bad) > spec.max_bad * count:
        raise DataError(
            f"{len(bad)} of {count} images cannot be read, more than data.max_bad "
            f"{spec.max_bad:g}; the first is {bad[0]}"
        )


def _check_classes(
    source: Source, train_labels: Indices, evaluation_labels: Indices, *, endless: bool = False
) -> None:
    counts = np.bincount(train_labels, minlength=len(source.class_names))
    if not counts.all() and not endless:
        name = source.class_names[int(np.argmin(counts))]
        raise DataError(f"{source.name}: class {name!r} has no training images")
    if not evaluation_labels.size:
        raise DataError(f"{source.name}: no evaluation image could be read")


def _chunks(images: Pixels) -> Iterator[Pixels]:
    return (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))


def _statistics(chunks: Iterable[Pixels]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation by channel, exact, from histograms of [n, C, S, S]."""
    counts: NDArray[np.int64] | int = 0
    for images in chunks:
        counts = counts + np.stack(
            [np.bincount(channel.ravel(), minlength=LEVELS) for channel in images.swapaxes(0, 1)]
        )
    levels = np.arange(LEVELS) / (LEVELS - 1)
    mean, std = [], []
    for weights in np.atleast_2d(counts):
        center = float(np.average(levels, weights=weights))
        spread = float(np.average((levels - center) ** 2, weights=weights)) ** 0.5
        mean.append(center)
        std.append(max(spread, 1 / (LEVELS - 1)))  # images all of one colour
    return tuple(mean), tuple(std)


def _fingerprint(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(names).encode())
    for name, array in arrays.items():
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
