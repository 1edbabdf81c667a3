"""Where a table of seeds by images varies: between seeds, between images, or neither alone.

A paired difference is y[s, i] = mean + seed[s] + image[i] + rest[s, i], both sides drawn at random:
two random factors, crossed. The rest is what an image does to one seed only.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class TwoWay:
    """Means and variances of a table [n, N]; of correctness they are fractions, squared."""

    seeds: int  # n
    images: int  # N
    mean: float
    seed_means: float  # variance of the n means over images: seed + rest / N; NaN of one seed
    image_means: float  # variance of the N means over seeds: image + rest / n; NaN of one image
    rest: float  # variance of the rest; NaN of one seed or one image


def two_way(table: np.ndarray) -> TwoWay:
    """Return the variances of a table [n, N] of numbers, without bias.

    Raises:
        ValueError: it has not two axes, is empty, or holds what is no number.
    """
    if table.ndim != 2 or not table.size:
        raise ValueError(f"a table of seeds by images is needed, not the shape {table.shape}")
    values = table.astype(float)
    if not np.isfinite(values).all():
        raise ValueError("each seed needs a number for each image")
    n, images = values.shape
    mean = float(values.mean())
    by_seed, by_image = values.mean(axis=1), values.mean(axis=0)
    left = values - by_seed[:, None] - by_image + mean
    return TwoWay(
        seeds=n,
        images=images,
        mean=mean,
        seed_means=_over(((by_seed - mean) ** 2).sum(), n - 1),
        image_means=_over(((by_image - mean) ** 2).sum(), images - 1),
        rest=_over((left**2).sum(), (n - 1) * (images - 1)),
    )


def _over(squares: float, freedom: int) -> float:
    return float(squares / freedom) if freedom else float("nan")
