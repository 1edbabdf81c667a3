"""Where the noise of a ranking comes from, in a sentence: are more images or more seeds wanted?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nas.ranking.statistics.noise import Noise, noise, pooled, predicted_image_variance

Correct = Mapping[str, Mapping[int, np.ndarray]]  # by label and seed: correctness [N], in [0, 1]

TIMES = 4  # the images that a sentence speaks of
SEEDS_TELL = 6  # of a pair; with fewer a variance over seeds is anyone's guess
WORTH_SAYING = 1.2  # times the seeds, below which more images are no advice


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseFound:
    """Where the noise of a pair on average comes from; sds are fractions."""

    images: int  # N
    predicted_image_sd: float  # from the first seed of each layout
    sentence: str  # at most two lines of 80 columns
    # None before any pair has two seeds:
    share: float | None = None  # of the variance of a difference: evaluation images, 0 to 1
    sd: float | None = None  # of a difference over seeds
    image_sd: float | None = None
    seed_sd: float | None = None
    shares: tuple[float, float] | None = None  # the least and the greatest of a pair
    predicted_share: float | None = None  # by the first seeds' images, of the sd measured

    @property
    def off(self) -> float | None:
        """By how much the prediction missed, of what was measured: 0.25 is a quarter too high."""
        return self.predicted_image_sd / self.image_sd - 1 if self.image_sd else None


def find_noise(correct: Correct) -> NoiseFound | None:
    """Return where the noise of these layouts' differences comes from.

    Variances of pairs are averaged, and a layout with runs that went astray would speak for all:
    leave out those of which nothing is claimed. None where no two layouts have a seed in common.

    Raises:
        ValueError: runs were not judged on the same images, or there are fewer than two images.
    """
    if len({len(each) for runs in correct.values() for each in runs.values()}) > 1:
        raise ValueError("runs that are compared are judged on the same images")
    tables = list(_tables(correct))
    if not tables:
        return None
    images = tables[0].shape[1]
    predicted = math.sqrt(float(np.mean([predicted_image_variance(each[0]) for each in tables])))
    pairs = [noise(each) for each in tables if len(each) > 1]
    if not pairs:
        return NoiseFound(
            images=images,
            predicted_image_sd=predicted,
            sentence=foreseen_words(images, predicted),
        )
    found = pooled(pairs)
    shares = [each.share for each in pairs]
    tell = min(len(each) for each in tables) >= SEEDS_TELL
    return NoiseFound(
        images=images,
        predicted_image_sd=predicted,
        sentence=words(pairs, predicted) if tell else few_words(images, found, predicted),
        share=found.share,
        sd=found.sd,
        image_sd=found.image_sd,
        seed_sd=found.seed_sd,
        shares=(min(shares), max(shares)),
        predicted_share=min(predicted**2 / found.variance, 1.0) if found.variance else None,
    )


def _tables(correct: Correct) -> Sequence[np.ndarray]:
    """Return the differences [n, N] of all pairs that have a seed in common, in seed order."""
    found = []
    for a, b in combinations(sorted(correct), 2):
        shared = sorted(correct[a].keys() & correct[b].keys())
        if shared:
            found.append(
                np.stack([correct[a][seed].astype(float) - correct[b][seed] for seed in shared])
            )
    return found


def foreseen_words(images: int, predicted: float) -> str:
    """Say what one seed of each layout foretells; `predicted` is an sd, a fraction."""
    return (
        f"by the first seeds, {images:,} evaluation images alone give a difference an sd of about "
        f"{_points(predicted)} points; {TIMES} times as many would halve it"
    )


def few_words(images: int, found: Noise, predicted: float) -> str:
    """Say what a few seeds of each layout tell: nothing of seeds yet."""
    return (
        f"{images:,} evaluation images alone give a difference an sd of {_points(found.image_sd)} "
        f"points (forecast {_points(predicted)}); {SEEDS_TELL} seeds would tell what seeds add"
    )


def words(pairs: Sequence[Noise], predicted: float) -> str:
    """Say what the noise is, what more images would do, and how good the forecast was."""
    found = pooled(pairs)
    sds = f"sd {_points(found.sd)} points"
    if found.image_variance:
        sds += f", of images {_points(found.image_sd)}, forecast {_points(predicted)}"
    least, most = (f"{100 * of(each.share for each in pairs):.0f}" for of in (min, max))
    span = f" ({least} to {most}%)" if least != most else ""
    worth = found.seeds_worth(TIMES)
    gain = "save little" if worth < WORTH_SAYING else f"are worth {worth:.2g} times the seeds"
    return (
        f"evaluation images are {found.share:.0%}{span} of a pair's variance ({sds}): "
        f"{TIMES} times as many {gain}"
    )


def _points(fraction: float) -> str:
    points = 100 * fraction
    return f"{points:.2f}" if points < 10 else f"{points:.1f}"
