"""The images of a study: decoded once, split once, the same for every trial."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.apart import copied_files, digests, evaluated_beside
from nas.data.arrays import ImageArrays, digest_of
from nas.data.checks import all_fit, check_bad, check_classes, check_sizes, repeated_words
from nas.data.dataset import Dataset, Pool
from nas.data.decoding import to_channels
from nas.data.images import CountedImages, ImageData, Indices, Pixels
from nas.data.sources import SOURCES, class_names, open_source
from nas.data.split import Split, evaluation_pool, split
from nas.data.statistics import Statistics, statistics_of
from nas.seeds import derive_seed
from nas.spec.data import DataSpec
from nas.study.left_out import LeftOut
from nas.study.records import DataShape

DECODED_LIMIT = 8 << 30  # bytes that all images of a study may take in memory
SAMPLE = 20_000  # images that are decoded beforehand where not all can be kept
CHUNK = 1024  # images decoded at a time


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


def load(
    spec: DataSpec,
    *,
    sizes: Iterable[int] = (),
    beside: DataSpec | None = None,
    apart: bool = True,
    limit: int = DECODED_LIMIT,
) -> ImageData:
    """Decode and split the images; the split depends on the spec and the source alone.

    Nothing is trained on that is evaluated on, here or by the data `beside`, the study's other
    task: neither the same image of the source nor, by content, an equal one (docs/measures.md,
    "Images that are evaluated on"). It is training that goes without them. Without `apart`
    nobody looks: so it was in 0.1, and studies that it began go on with the images they had.

    At each of the other `sizes`, in pixels a side, the originals are decoded as if the spec said
    it: no size is made from another. Whatever is left out at one of them, because it cannot be
    read or equals an image that is evaluated on, is left out at all, so that image n is the same
    picture everywhere.

    Where images of more than `limit` bytes decoded can be had on demand, they are not kept but
    read as training needs them: then mean, deviation and the share of unreadable ones are of a
    random sample, what is unreadable beyond it is the sets' own affair (`ImageFiles.batches`), and
    so is the fingerprint (`ImageFiles.fingerprint`). Of images without end the first ones, the
    probe, give mean and deviation.

    Raises:
        NotFoundError: the path does not exist.
        DataError: files are damaged beyond `max_bad`, there are too few images for the split, a
            class has none to train on, or images that cannot be had on demand exceed the limit.
        SpecError: the source has no images of one of the sizes.
    """
    others = [size for size in dict.fromkeys(sizes) if size != spec.image_size]
    check_sizes(spec, others)
    specs = [spec, *(spec.model_copy(update={"image_size": size}) for size in others)]
    datasets = [open_source(each) for each in specs]
    beside = beside if apart else None
    parts = split(datasets[0], spec, beside=beside)
    count = len(parts.train) + len(parts.evaluation)
    sides = [each.image_size for each in specs]
    fits = all_fit(datasets[0], count, sides, limit=limit)
    read = _read if fits else _read_sample
    found = [
        read(dataset, each, parts, beside=beside, apart=apart)
        for dataset, each in zip(datasets, specs, strict=True)
    ]
    bad = {index: reason for each in reversed(found) for index, reason in each.bad.items()}
    unseen = {i: reason for each in reversed(found) for i, reason in each.evaluation_bad.items()}
    copies = sorted({index for each in found for index in each.copies} - bad.keys())
    names = tuple(datasets[0].train.name_of(index) for index in copies)
    first, *rest = (
        _made(
            each,
            gone=[*bad, *copies],
            unseen=list(unseen),
            bad_files=tuple(each[index] for each in (bad, unseen) for index in sorted(each)),
            left_out=LeftOut(reserved=parts.reserved, copies=names) if apart else None,
        )
        for each in found
    )
    return replace(first, others=tuple(rest))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Found:
    """The images of one size, without those that cannot be read; indices are the source's."""

    dataset: Dataset
    spec: DataSpec
    train: Indices  # those of `training`
    training: CountedImages
    evaluation: Indices
    evaluating: CountedImages
    bad: Mapping[int, str]  # of those to train on: why they could not be read
    evaluation_bad: Mapping[int, str]
    copies: list[int]  # of those to train on: which equal one that is evaluated on
    repeated: int = 0  # of those evaluated on: how many equal another of them
    statistics: Statistics | None = None  # of a sample, where not all can be kept


def _read(
    dataset: Dataset, spec: DataSpec, parts: Split, *, beside: DataSpec | None, apart: bool
) -> _Found:
    """Decode all of them."""
    train, evaluation = parts.train, parts.evaluation
    training, bad = _decode(dataset.train, train, dataset, spec)
    evaluating, evaluation_bad = _decode(evaluation_pool(dataset), evaluation, dataset, spec)
    check_bad([*bad.values(), *evaluation_bad.values()], spec, len(train) + len(evaluation))
    copies: list[int] = []
    repeated = 0
    kept = np.delete(train, list(bad))
    if apart and dataset.endless is None:
        own = digests(evaluating.images)
        seen = set(own)
        repeated = len(own) - len(seen)
        seen |= evaluated_beside(dataset, spec, beside)
        places = [n for n, digest in enumerate(digests(training.images)) if digest in seen]
        copies = kept[places].tolist()
    return _Found(
        dataset=dataset,
        spec=spec,
        train=kept,
        training=training,
        evaluation=np.delete(evaluation, list(evaluation_bad)),
        evaluating=evaluating,
        bad={int(train[place]): reason for place, reason in bad.items()},
        evaluation_bad={int(evaluation[place]): why for place, why in evaluation_bad.items()},
        copies=copies,
        repeated=repeated,
    )


def _read_sample(
    dataset: Dataset, spec: DataSpec, parts: Split, *, beside: DataSpec | None, apart: bool
) -> _Found:
    """Decode none but a sample of those to train on, in order to know them."""
    pool = evaluation_pool(dataset)
    copies = copied_files(dataset, parts, beside) if apart else []  # unread, so by their files
    train, evaluation = np.delete(parts.train, copies), parts.evaluation
    assert dataset.train.on_demand is not None
    assert pool.on_demand is not None, "a source has its test set on demand too"
    rng = np.random.default_rng(derive_seed(spec.split_seed, "sample"))
    sample = train[np.sort(rng.permutation(len(train))[:SAMPLE])]
    bad: dict[int, str] = {}
    statistics = statistics_of(_readable(dataset, sample, bad, spec))
    train = np.setdiff1d(train, list(bad))
    return _Found(
        dataset=dataset,
        spec=spec,
        train=train,
        training=dataset.train.on_demand.subset(train),
        evaluation=evaluation,
        evaluating=pool.on_demand.subset(evaluation),
        bad=bad,
        evaluation_bad={},
        copies=parts.train[copies].tolist(),
        statistics=statistics,
    )


def _made(
    found: _Found,
    *,
    gone: Collection[int],
    unseen: Collection[int],
    bad_files: tuple[str, ...],
    left_out: LeftOut | None,
) -> ImageData:
    """Return the images without those `gone` from training and those `unseen` in evaluation."""
    dataset, spec = found.dataset, found.spec
    training, train = _without(found.training, found.train, gone)
    evaluating, evaluation = _without(found.evaluating, found.evaluation, unseen)
    copies = 0 if left_out is None else len(left_out.copies)
    labels = dataset.train.labels[train], evaluation_pool(dataset).labels[evaluation]
    check_classes(dataset, *labels, copies=copies)
    probe = _probe(spec, training.count)
    arrays: dict[str, NDArray[Any]] = {"probe_indices": probe}
    names: tuple[str, ...] = ()
    if isinstance(training, ImageArrays) and isinstance(evaluating, ImageArrays):
        arrays = {
            "train_images": training.images,
            "train_labels": training.labels,
            "probe_indices": probe,
            "evaluation_images": evaluating.images,
            "evaluation_labels": evaluating.labels,
        }
        names = () if dataset.endless is None else (dataset.endless.fingerprint(),)
        for array in arrays.values():
            array.setflags(write=False)
    else:
        names = (training.fingerprint(), evaluating.fingerprint())
    every = training.batches(_chunks(training.count))
    mean, std = found.statistics or statistics_of(images for images, _ in every)
    return ImageData(
        shape=DataShape(
            image_size=spec.image_size, channels=dataset.channels, classes=len(dataset.class_names)
        ),
        train=training if dataset.endless is None else dataset.endless,
        probe_indices=probe,
        evaluation=evaluating,
        class_names=dataset.class_names,
        mean=mean,
        std=std,
        fingerprint=digest_of(arrays, (*dataset.class_names, *names)),
        bad_files=bad_files,
        left_out=left_out,
        notes=(*dataset.notes, *repeated_words(found.repeated, evaluating.count)),
    )


def _without(
    images: CountedImages, indices: Indices, gone: Collection[int]
) -> tuple[CountedImages, Indices]:
    """Return the images, which have these indices of the source, without some of them."""
    kept = ~np.isin(indices, list(gone))
    return (images if kept.all() else images.subset(np.flatnonzero(kept))), indices[kept]


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
    check_bad(list(bad.values()), spec, len(sample))


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


def _chunks(count: int) -> Iterator[Indices]:
    """Yield 0 to `count` - 1, some at a time."""
    return (np.arange(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
