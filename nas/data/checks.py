"""What loading refuses: sizes that a source has not, too many bytes, unreadable files."""

from collections.abc import Sequence

import numpy as np

from nas.data.dataset import Dataset
from nas.data.images import Indices
from nas.data.sources import SOURCES
from nas.errors import DataError, SpecError
from nas.spec.study import DataSpec


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
        name = dataset.class_names[int(np.argmin(counts))]
        why = f": {copies} are evaluation images too, and left out" if copies else ""
        raise DataError(f"{dataset.name}: class {name!r} has no training images{why}")
    if not evaluation_labels.size:
        raise DataError(f"{dataset.name}: no evaluation image could be read")
