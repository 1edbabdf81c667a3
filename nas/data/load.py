"""The images of a study: decoded once, split once, the same for every trial."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nas.data.apart import digests, digests_of, equal_files
from nas.data.arrays import ImageArrays, digest_of
from nas.data.dataset import Dataset, Pool
from nas.data.decoding import to_channels
from nas.data.images import ImageData, Indices, Pixels
from nas.data.sources import SOURCES, class_names, open_source
from nas.data.split import Split, evaluated_on, evaluation_pool, same_images, split
from nas.errors import DataError
from nas.seeds import derive_seed
from nas.spec.study import DataSpec
from nas.study.left_out import LeftOut
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


def foresee(spec: DataSpec, *, beside: DataSpec) -> LeftOut:
    """Return what `load` will leave out, as far as labels tell: equal images may be found later.

    Raises:
        NotFoundError, DataError: as `load`, as far as no pixels are needed.
    """
    if not same_images(spec, beside) or SOURCES[spec.source].drawn:
        return LeftOut()
    return LeftOut(reserved=split(open_source(spec), spec, beside=beside).reserved)


def load(
    spec: DataSpec,
    *,
    beside: DataSpec | None = None,
    apart: bool = True,
    limit: int = DECODED_LIMIT,
) -> ImageData:
    """Decode and split the images; the split depends on the spec and the source alone.

    Nothing is trained on that is evaluated on, here or by the data `beside`, the study's other
    task: neither the same image of the source nor, by content, an equal one (docs/measures.md,
    "Images that are evaluated on"). It is training that goes without them. Without `apart`
    nobody looks: so it was in 0.1, and studies that it began go on with the images they had.

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
    beside = beside if apart else None
    parts = split(dataset, spec, beside=beside)
    train, evaluation = parts.train, parts.evaluation
    shape = DataShape(
        image_size=spec.image_size, channels=dataset.channels, classes=len(dataset.class_names)
    )
    size = (len(train) + len(evaluation)) * shape.channels * shape.image_size**2
    if size > limit and dataset.train.on_demand is not None:
        copies = _equal_files(dataset, parts, beside) if apart else []  # unread, so by their files
        return _load_on_demand(dataset, spec, shape, parts=parts, copies=copies, apart=apart)
    if size > limit:
        raise DataError(
            f"{dataset.name}: {len(train) + len(evaluation):,} images of {spec.image_size} pixels "
            f"are {size / 2**30:.1f} GiB decoded, more than {limit / 2**30:.0f} GiB: lower "
            "data.image_size, data.train or data.evaluation"
        )
    training, bad = _decode(dataset.train, train, dataset, spec)
    evaluating, evaluation_bad = _decode(evaluation_pool(dataset), evaluation, dataset, spec)
    _check_bad([*bad.values(), *evaluation_bad.values()], spec, len(train) + len(evaluation))
    copies: list[int] = []
    if apart and dataset.endless is None:
        seen = set(digests(evaluating.images)) | _evaluated_beside(dataset, spec, beside)
        copies = [n for n, digest in enumerate(digests(training.images)) if digest in seen]
        train = np.delete(train, list(bad))
    if copies:
        training = training.subset(np.delete(np.arange(training.count), copies))
    _check_classes(dataset, training.labels, evaluating.labels, copies=len(copies))
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
        bad_files=(*bad.values(), *evaluation_bad.values()),
        left_out=_left_out(dataset, parts, train[copies]) if apart else None,
    )


def _left_out(dataset: Dataset, parts: Split, copies: Indices) -> LeftOut:
    names = tuple(dataset.train.name_of(index) for index in copies.tolist())
    return LeftOut(reserved=parts.reserved, copies=names)


def _evaluated_beside(dataset: Dataset, spec: DataSpec, beside: DataSpec | None) -> set[bytes]:
    """Return digests of what the other task evaluates on, decoded as images are trained on here.

    Drawn images equal no others: training and evaluation are streams of their own.
    """
    if beside is None or SOURCES[spec.source].drawn or SOURCES[beside.source].drawn:
        return set()
    same = {"image_size": spec.image_size, "channels": dataset.channels}
    other = open_source(beside.model_copy(update=same))
    return digests_of(
        evaluation_pool(other), evaluated_on(other, beside), channels=dataset.channels
    )


def _equal_files(dataset: Dataset, parts: Split, beside: DataSpec | None) -> list[int]:
    """Return the places of training images whose files are those of evaluation images."""
    others = [(evaluation_pool(dataset), parts.evaluation)]
    if beside is not None:
        other = open_source(beside)
        others.append((evaluation_pool(other), evaluated_on(other, beside)))
    return equal_files(dataset.train, parts.train, others)


def _load_on_demand(
    dataset: Dataset,
    spec: DataSpec,
    shape: DataShape,
    *,
    parts: Split,
    copies: list[int],
    apart: bool,
) -> ImageData:
    """Decode none but a sample of those to train on, in order to know them."""
    pool = evaluation_pool(dataset)
    train, evaluation = np.delete(parts.train, copies), parts.evaluation
    assert dataset.train.on_demand is not None
    assert pool.on_demand is not None, "a source has its test set on demand too"
    rng = np.random.default_rng(derive_seed(spec.split_seed, "sample"))
    sample = train[np.sort(rng.permutation(len(train))[:SAMPLE])]
    bad: dict[int, str] = {}
    mean, std = _statistics(_readable(dataset, sample, bad, spec))
    train = np.setdiff1d(train, list(bad))
    labels = dataset.train.labels[train]
    _check_classes(dataset, labels, pool.labels[evaluation], copies=len(copies))
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
        left_out=_left_out(dataset, parts, parts.train[copies]) if apart else None,
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


def _decode(
    pool: Pool, indices: Indices, dataset: Dataset, spec: DataSpec
) -> tuple[ImageArrays, dict[int, str]]:
    """Decode the images, a chunk at a time, and leave out those that cannot be; return which."""
    images = np.empty((len(indices), dataset.channels, *[spec.image_size] * 2), dtype=np.uint8)
    bad: dict[int, str] = {}
    for chunk in _chunks(len(indices)):
        decoded = pool.decode(indices[chunk])
        images[chunk] = to_channels(decoded.images, dataset.channels)
        bad |= {int(chunk[place]): reason for place, reason in decoded.bad.items()}
    labels = pool.labels[indices]
    if bad:
        images, labels = np.delete(images, list(bad), axis=0), np.delete(labels, list(bad))
    return ImageArrays(images=images, labels=labels), bad


def _check_bad(bad: list[str], spec: DataSpec, count: int) -> None:
    if len(bad) > spec.max_bad * count:
        raise DataError(
            f"{len(bad)} of {count} images cannot be read, more than data.max_bad "
            f"{spec.max_bad:g}; the first is {bad[0]}"
        )


def _check_classes(
    dataset: Dataset, train_labels: Indices, evaluation_labels: Indices, *, copies: int
) -> None:
    counts = np.bincount(train_labels, minlength=len(dataset.class_names))
    if not counts.all() and dataset.endless is None:
        name = dataset.class_names[int(np.argmin(counts))]
        why = f": {copies} are evaluation images too, and left out" if copies else ""
        raise DataError(f"{dataset.name}: class {name!r} has no training images{why}")
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
