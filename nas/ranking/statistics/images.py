"""An interval for new seeds and new images, from one that holds for these images.

Seeds and images are crossed: each seed is judged on each image. The variance of a mean difference
is seed / n + image / N + rest / (n N), and the certificate's interval knows of all but image / N.
See docs/ranking.md, "Claims about new images".
"""

import math

import numpy as np

from nas.ranking.statistics import special
from nas.ranking.statistics.certificate import Design
from nas.ranking.statistics.two_way import two_way


def critical(design: Design, *, pairs: int, seeds: int) -> float:
    """Return the quantile of t at the look at so many paired seeds, for all pairs and looks.

    Infinite before the first look.
    """
    if seeds < max(design.first, 2):
        return math.inf
    level = design.levels.nominal(design.tested / pairs)
    return -float(special.stdtrit(seeds - 1, level / 2))


def new_images(
    differences: np.ndarray, *, low: float, high: float, critical: float
) -> tuple[float, float]:
    """Return a pair's interval for new seeds and new images.

    Args:
        differences: [n, N], by paired seed and evaluation image the correctness of one layout minus
            that of the other, in [-1, 1]; fractions where a score is read between two epochs.
        low: the lower end of the interval for these images, at its current look; a fraction.
        high: its upper end.
        critical: the t quantile of that look, corrected for pairs and looks.

    Both ends reach as far as before and, in quadrature, as far as images make necessary; so the
    interval is never the narrower one. It is infinite where the old one is, and of one seed or one
    image, which tell nothing of others.

    Raises:
        ValueError: the differences are no table, or a number is missing or beyond [-1, 1].
    """
    table = two_way(differences)
    if np.abs(differences).max() > 1 + 1e-9:
        raise ValueError("two correctnesses differ by at most 1")
    bounds = np.array([low, high, critical])
    if table.seeds < 2 or table.images < 2 or not np.isfinite(bounds).all():
        return -math.inf, math.inf
    error = math.sqrt(table.seed_means / table.seeds)
    reach = critical * error
    level = 2 * float(special.stdtr(table.seeds - 1, -critical))
    beside = _images_reach(differences.mean(axis=0), rest=table.rest / table.seeds, level=level)
    below, above = (max(reach, each) for each in (table.mean - low, high - table.mean))
    return table.mean - math.hypot(below, beside), table.mean + math.hypot(above, beside)


def _images_reach(by_image: np.ndarray, *, rest: float, level: float) -> float:
    """Return how far the mean over these images may be from that over all images.

    `by_image` [N] are means over seeds; `rest` is what of their variance seeds make, which is in
    the interval for these images already. N images without a disagreement leave a share q of
    disagreements unseen with a chance of (1 - q)^N: a least reach stands for it, in proportion to
    how much images disagree where they do.
    """
    images = len(by_image)
    quantile = -float(special.stdtrit(images - 1, level / 2))
    total = float(np.abs(by_image).sum())
    size = float((by_image**2).sum()) / total if total else 1.0
    unseen = size * -math.expm1(math.log(level / 2) / images)
    variance = max(float(by_image.var(ddof=1)) - rest, 0.0) / images
    return math.hypot(quantile * math.sqrt(variance), unseen)
