"""What loading refuses or tells of: sizes a source has not, too many bytes, unreadable files."""

from collections.abc import Iterator, Sequence

import numpy as np

from nas.data.dataset import Dataset
from nas.data.images import Indices
from nas.data.sources import SOURCES
from nas.errors import DataError, SpecError
from nas.spec.study import DataSpec

REPEATED = 0.01  # share of equal images to evaluate on from which on it is said


def check_sizes(spec: DataSpec, others: Sequence[int] = ()) -> None:
    """Refuse images smaller than the source can make, at the spec's size or the space's `others`.

    Raises:
        DataError: at the spec's own.
        SpecError: at another.
    """
    least = SOURCES[spec.source].smallest
    words = f"pixels are too few for source '{spec.source}', which needs {least} or more"
    if spec.image_size < least:
        raise DataError(f"data.image_size: {spec.image_size} {words}")
    for size in others:
        if size < least:
            raise SpecError(f"{size} {words}", key="space.image_size")


def all_fit(dataset: Dataset, count: int, sizes: Sequence[int], *, limit: int) -> bool:
    """Tell whether so many images fit into `limit` bytes at all sizes; else they are on demand.

    Raises:
        DataError: they do not, and cannot be had on demand.
    """
    size = count * dataset.channels * sum(side**2 for side in sizes)
    if size > limit and dataset.train.on_demand is None:
        lower = "data.image_size" if len(sizes) == 1 else "space.image_size"
        raise DataError(
            f"{dataset.name}: {count:,} images of {' and '.join(map(str, sizes))} pixels "
            f"are {size / 2**30:.1f} GiB decoded, more than {limit / 2**30:.0f} GiB: lower "
            f"{lower}, data.train or data.evaluation"
        )
    return size <= limit


def check_bad(bad: Sequence[str], spec: DataSpec, count: int) -> None:
    """Refuse a set of `count` images of which too many cannot be read.

    Raises:
        DataError: more than the spec allows.
    """
    if len(bad) > spec.max_bad * count:
        raise DataError(
            f"{len(bad)} of {count} images cannot be read, more than data.max_bad "
            f"{spec.max_bad:g}; the first is {bad[0]}"
        )


def check_classes(
    dataset: Dataset, train_labels: Indices, evaluation_labels: Indices, *, copies: int
) -> None:
    """Refuse a class without images to train on, and a set without any to evaluate on.

    Raises:
        DataError: there is such a class, or none could be read.
    """
    counts = np.bincount(train_labels, minlength=len(dataset.class_names))
    if not counts.all() and dataset.endless is None:
        rare = int(np.argmin(counts))
        raise DataError(
            f"{dataset.name}: class {dataset.class_names[rare]!r} has no training images: "
            f"{_why_none(dataset, rare, copies=copies)}"
        )
    if not evaluation_labels.size:
        raise DataError(f"{dataset.name}: no evaluation image could be read")


def _why_none(dataset: Dataset, label: int, *, copies: int) -> str:
    """Say why a class has no images to train on, and what to do."""
    have = int(np.count_nonzero(dataset.train.labels == label))
    if copies:
        return f"{copies} are evaluation images too, and left out"
    if not have:
        return "there are none to read: add some, or take the class out"
    if have == 1 and dataset.evaluation is None:
        return (
            "its only one is evaluated on, and 2 or more are needed: add images, take the class "
            "out, or put images to evaluate on into a set of their own, such as val/"
        )
    return (
        f"of its {have} all are unreadable or evaluated on, or data.train asks for too few: add "
        "images, or take the class out"
    )


def repeated_words(repeated: int, count: int) -> Iterator[str]:
    """Say that fewer images are evaluated on than it seems, where that makes a difference."""
    if repeated > REPEATED * count:
        yield (
            f"of the {count:,} images that are evaluated on {repeated:,} equal another of them: "
            "accuracies are of fewer images than they seem, and intervals too narrow"
        )
