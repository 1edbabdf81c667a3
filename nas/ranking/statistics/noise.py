"""How much of a paired difference's noise is that there are only so many evaluation images.

Differences of one pair over seeds vary by s² = seed + rest / N: how runs go, and what each of the N
images does to one seed. More images make the second smaller, more seeds both. See docs/ranking.md,
"Where the noise comes from".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.ranking.statistics.two_way import two_way


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Variances of a paired difference over seeds; of accuracies, fractions squared."""

    variance: float
    image_variance: float  # what is due to the images being few: rest / N
    freedom: int  # seeds - 1; of several pairs the sum

    @property
    def share(self) -> float:
        """What evaluation images are of the variance, 0 to 1; 0 where nothing varies.

        The two parts are estimated apart, so that the smaller may come out as the larger.
        """
        return min(self.image_variance / self.variance, 1.0) if self.variance else 0.0

    @property
    def sd(self) -> float:
        """The standard deviation of a difference, a fraction."""
        return math.sqrt(self.variance)

    @property
    def image_sd(self) -> float:
        """The part that more images make smaller."""
        return math.sqrt(self.image_variance)

    @property
    def seed_sd(self) -> float:
        """The part that no number of images makes smaller."""
        return math.sqrt(self.variance * (1 - self.share))

    def sd_with(self, times: float) -> float:
        """Return the sd of a difference on so many times the images."""
        return math.sqrt(self.variance * (1 - self.share * (1 - 1 / times)))

    def seeds_worth(self, times: float) -> float:
        """Return how many times the seeds give the same interval as so many times the images.

        As n seeds have an interval in proportion to sd / sqrt(n): that a quantile of t falls with
        n as well is left out, which at few seeds is in favour of more seeds.
        """
        return 1 / (1 - self.share * (1 - 1 / times))


def noise(differences: np.ndarray) -> Noise:
    """Return the noise of one pair.

    Args:
        differences: [n, N], by paired seed and evaluation image the correctness of one layout minus
            that of the other.

    Raises:
        ValueError: there are fewer than two seeds or two images, or a number is missing.
    """
    table = two_way(differences)
    if table.seeds < 2 or table.images < 2:
        raise ValueError(
            f"noise needs two seeds and two images, not {table.seeds} and {table.images}"
        )
    return Noise(
        variance=table.seed_means,
        image_variance=table.rest / table.images,
        freedom=table.seeds - 1,
    )


def pooled(pairs: Sequence[Noise]) -> Noise:
    """Return the noise of a pair on average: variances weigh by their seeds.

    Raises:
        ValueError: there is no pair.
    """
    if not pairs:
        raise ValueError("no pair, no noise")
    weights = [each.freedom for each in pairs]
    return Noise(
        variance=float(np.average([each.variance for each in pairs], weights=weights)),
        image_variance=float(np.average([each.image_variance for each in pairs], weights=weights)),
        freedom=sum(weights),
    )


def predicted_image_variance(first: np.ndarray) -> float:
    """Return what `Noise.image_variance` of a pair will be, from one seed of it: differences [N].

    Assumes that both layouts are as likely as one another to be right on each image, but for one
    shift: then two of them disagree on an image as often as two seeds of either do. Where an image
    suits one layout they disagree more, so that it is too high rather than too low.

    Raises:
        ValueError: there are fewer than two images, or a number is missing.
    """
    table = two_way(first[None])
    if table.images < 2:
        raise ValueError("a prediction needs two images or more")
    return table.image_means / table.images
