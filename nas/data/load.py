"""The images of a study: decoded once, split once, the same for every trial."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nas.data.arrays import ImageArrays, digest_of
from nas.data.dataset import Dataset, Pool
from nas.data.decoding import to_channels
from nas.data.images import ImageData, Indices, Pixels
from nas.data.sources import SOURCES, class_names, open_source
from nas.errors import DataError
from nas.seeds import derive_seed
from nas.spec.study import DataSpec
from nas.study.records import DataShape

DECODED_LIMIT = 8 << 30  # bytes that all images of a study may take in memory
SAMPLE = 20_000  # images that are decoded beforehand where not all can be kept
CHUNK = 1024  # images decoded at a time
LEVELS = 256


def peek(spec: DataSpec) -> DataShape:
    """Return what a network must know of the data, decoding no image.

    Raises:
        NotFoundError: the path does not exist.
        DataError: it does not hold what the source needs.
    """
    return DataShape(
        image_size=spec.image_size,
        channels=spec.channels or SOURCES[spec.source].channels,
        classes=len(class_names(spec)),
    )


def load(spec: DataSpec, *, limit: int = DECODED_LIMIT) -> ImageData:
    """Decode and split the images; the split depends on the spec and the source alone.

    Where images of more than `limit` bytes decoded can be had on demand, they are not kept but
    read as training needs them: then mean, deviation and the share of unreadable ones are of a
    random sample, what is unreadable beyond it is the sets' own affair (`ImageFiles.batches`), and
    so is the fingerprint (`ImageFiles.fingerprint`). Of images without end the first ones, the
    probe, give mean and deviation.

    Raises:
        NotFoundError: the path does not exist.
        DataError: files are damaged beyond `max_bad`, there are too few images for the split, a
            class has none to train on, or images that cannot be had on demand exceed the limit.
    """
    dataset = open_source(spec)
    train, evaluation = _split(dataset, spec)
    shape = DataShape(
        image_size=spec.image_size, channels=dataset.channels, classes=len(dataset.class_names)
    )
    size = (len(train) + len(evaluation)) * shape.channels * shape.image_size**2
    if size > limit and dataset.train.on_demand is not None:
        return _load_on_demand(dataset, spec, shape, train, evaluation)
    if size > limit:
        raise DataError(
            f"{dataset.name}: {len(train) + len(evaluation):,} images of {spec.image_size} pixels "
            f"are {size / 2**30:.1f} GiB decoded, more than {limit / 2**30:.0f} GiB: lower "
            "data.image_size, data.train or data.evaluation"
        )
    training, bad = _decode(dataset.train, train, dataset, spec)
    pool = dataset.evaluation or dataset.train
    evaluating, evaluation_bad = _decode(pool, evaluation, dataset, spec)
    bad += evaluation_bad
    _check_bad(bad, spec, len(train) + len(evaluation))
    _check_classes(dataset, training.labels, evaluating.labels)
    probe = _probe(spec, training.count)
    mean, std = _statistics(images for images, _ in training.batches(_chunks(training.count)))
    arrays = {
        "train_images": training.images,
        "train_labels": training.labels,
        "probe_indices": probe,
        "evaluation_images": evaluating.images,
        "evaluation_labels": evaluating.labels,
    }
    for array in arrays.values():
        array.setflags(write=False)
    endless = () if dataset.endless is None else (dataset.endless.fingerprint(),)
    return ImageData(
        shape=shape,
        train=training if dataset.endless is None else dataset.endless,
        probe_indices=probe,
        evaluation=evaluating,
        class_names=dataset.class_names,
        mean=mean,
        std=std,
        fingerprint=digest_of(arrays, (*dataset.class_names, *endless)),
        bad_files=tuple(bad),
    )


def _load_on_demand(
    dataset: Dataset, spec: DataSpec, shape: DataShape, train: Indices, evaluation: Indices
) -> ImageData:
    """Decode none but a sample of those to train on, in order to know them."""
    pool = dataset.evaluation or dataset.train
    assert dataset.train.on_demand is not None
    assert pool.on_demand is not None, "a source has its test set on demand too"
    rng = np.random.default_rng(derive_seed(spec.split_seed, "sample"))
    sample = train[np.sort(rng.permutation(len(train))[:SAMPLE])]
    bad: dict[int, str] = {}
    mean, std = _statistics(_readable(dataset, sample, bad, spec))
    train = np.setdiff1d(train, list(bad))
    _check_classes(dataset, dataset.train.labels[train], pool.labels[evaluation])
    training, evaluating = dataset.train.on_demand.subset(train), pool.on_demand.subset(evaluation)
    probe = _probe(spec, training.count)
    names = (*dataset.class_names, training.fingerprint(), evaluating.fingerprint())
    return ImageData(
        shape=shape,
        train=training,
        probe_indices=probe,
        evaluation=evaluating,
        class_names=dataset.class_names,
        mean=mean,
        std=std,
        fingerprint=digest_of({"probe_indices": probe}, names),
        bad_files=tuple(bad.values()),
    )


def _readable(
    dataset: Dataset, sample: Indices, bad: dict[int, str], spec: DataSpec
) -> Iterator[Pixels]:
    """Yield the images of a sample a chunk at a time; note those that cannot be read in `bad`."""
    for chunk in _chunks(len(sample)):
        chosen = sample[chunk]
        decoded = dataset.train.decode(chosen)
        bad.update({int(chosen[place]): reason for place, reason in decoded.bad.items()})
        images = to_channels(decoded.images, dataset.channels)
        yield np.delete(images, list(decoded.bad), axis=0)
    _check_bad(list(bad.values()), spec, len(sample))


def _probe(spec: DataSpec, count: int) -> Indices:
    """Return which training images the comparable loss is measured on; the first without end."""
    if spec.endless:
        return np.arange(min(spec.probe, count))
    rng = np.random.default_rng(derive_seed(spec.split_seed, "probe"))
    return np.sort(rng.permutation(count)[: spec.probe]).astype(np.int64)


def _split(dataset: Dataset, spec: DataSpec) -> tuple[Indices, Indices]:
    """Return indices to train on and, of the pool that has them, to evaluate on."""
    rng = np.random.default_rng(derive_seed(spec.split_seed, "split"))
    labels = dataset.train.labels
    if dataset.evaluation is not None:
        rest = np.arange(len(labels))
        available = len(dataset.evaluation.labels)
        count = available if spec.evaluation is None else spec.evaluation
        _check_count("evaluation", count, available, dataset)
        evaluation = _stratified(dataset.evaluation.labels, count, rng)
    else:
        count = len(labels) // 3 if spec.evaluation is None else spec.evaluation
        _check_count("evaluation", count, len(labels) - 2, dataset)
        evaluation = _stratified(labels, count, rng)
        rest = np.setdiff1d(np.arange(len(labels)), evaluation)
    count = len(rest) if spec.train is None else spec.train
    _check_count("train", count, len(rest), dataset, at_least=2)
    return rest[_stratified(labels[rest], count, rng)], evaluation


def _check_count(key: str, count: int, available: int, dataset: Dataset, at_least: int = 1) -> None:
    if not at_least <= count <= available:
        raise DataError(
            f"data.{key}: {count} images asked of {dataset.name}, which has {max(available, 0)} "
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
    pool: Pool, indices: Indices, dataset: Dataset, spec: DataSpec
) -> tuple[ImageArrays, list[str]]:
    """Decode the images, a chunk at a time, and leave out those that cannot be."""
    images = np.empty((len(indices), dataset.channels, *[spec.image_size] * 2), dtype=np.uint8)
    bad: dict[int, str] = {}
    for chunk in _chunks(len(indices)):
        decoded = pool.decode(indices[chunk])
        images[chunk] = to_channels(decoded.images, dataset.channels)
        bad |= {int(chunk[place]): reason for place, reason in decoded.bad.items()}
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


def _check_classes(dataset: Dataset, train_labels: Indices, evaluation_labels: Indices) -> None:
    counts = np.bincount(train_labels, minlength=len(dataset.class_names))
    if not counts.all() and dataset.endless is None:
        name = dataset.class_names[int(np.argmin(counts))]
        raise DataError(f"{dataset.name}: class {name!r} has no training images")
    if not evaluation_labels.size:
        raise DataError(f"{dataset.name}: no evaluation image could be read")


def _chunks(count: int) -> Iterator[Indices]:
    """Yield 0 to `count` - 1, some at a time."""
    return (np.arange(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


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
