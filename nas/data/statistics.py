"""Mean and deviation of images, by which pixels are normalized."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nas.data.images import Pixels

LEVELS = 256
Statistics: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]  # mean and deviation by channel


def statistics_of(chunks: Iterable[Pixels]) -> Statistics:
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
