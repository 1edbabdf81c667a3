"""Layouts with known true scores and the noise of their runs: what simulated studies draw."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

# Below the best, made up: five layouts in the paper's order (docs/paper.md, "Reported orders").
PAPER_GAPS = (0.0, 0.001, 0.005, 0.014, 0.054)

COLLAPSES, LOST = 0.1, 0.09  # share of runs that collapse, and the accuracy they lose


class Shape(StrEnum):
    """How a layout's scores scatter over seeds; all but a collapse have variance one, scaled."""

    NORMAL = "normal"
    T3 = "t3"  # Student's t of 3 degrees of freedom: heavy tails
    GAMMA = "gamma"  # of any skewness; 2 is the exponential distribution
    COLLAPSE = "collapse"  # normal, but a tenth of the runs lose 9 points


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """The truth of a study: accuracies as fractions.

    Raises:
        ValueError: not two layouts or more, lengths differ, or a gamma has no skewness.
    """

    means: tuple[float, ...]  # of each layout; a collapse lowers all equally
    sds: tuple[float, ...]  # of one run, for each layout
    shape: Shape = Shape.NORMAL
    skewness: float = 0.0  # of a gamma; negative: the long tail is below
    alternating: bool = False  # every other layout has the opposite skewness

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if len(self.means) < 2 or len(self.means) != len(self.sds):
            raise ValueError(f"{len(self.means)} means and {len(self.sds)} sds: need two or more")
        if (self.shape is Shape.GAMMA) != (self.skewness != 0.0):
            raise ValueError("skewness belongs to a gamma, and a gamma needs one")

    @property
    def gaps(self) -> np.ndarray:
        """The true differences, [m], in the order of `pairs_of`."""
        pairs = pairs_of(len(self.means))
        means = np.array(self.means)
        return means[pairs[:, 0]] - means[pairs[:, 1]]


def pairs_of(layouts: int) -> np.ndarray:
    """Return the places of the two layouts of each pair, [m, 2], the first before the second."""
    return np.array(list(combinations(range(layouts), 2)))


def differences(scores: np.ndarray) -> np.ndarray:
    """Return paired differences [..., m, seeds] of scores [..., K, seeds]."""
    pairs = pairs_of(scores.shape[-2])
    return scores[..., pairs[:, 0], :] - scores[..., pairs[:, 1], :]


def draw(scenario: Scenario, *, studies: int, seeds: int, seed: int) -> np.ndarray:
    """Return scores [studies, K, seeds], independent over layouts and seeds."""
    random = np.random.default_rng(seed)
    size = (studies, len(scenario.means), seeds)
    if scenario.shape is Shape.GAMMA:
        k = 4 / scenario.skewness**2
        noise = (random.standard_gamma(k, size) - k) / np.sqrt(k) * np.sign(scenario.skewness)
        if scenario.alternating:
            noise[:, 1::2] *= -1
    elif scenario.shape is Shape.T3:
        noise = random.standard_t(3, size) / np.sqrt(3)
    else:
        noise = random.standard_normal(size)
    scores = np.array(scenario.means)[:, None] + np.array(scenario.sds)[:, None] * noise
    if scenario.shape is Shape.COLLAPSE:
        scores -= LOST * (random.random(size) < COLLAPSES)
    return scores


def paper_means(layouts: int) -> tuple[float, ...]:
    """Return true scores as far apart as the paper's, below the best; the pattern goes on below."""
    return tuple(
        -PAPER_GAPS[-1] * (place // len(PAPER_GAPS)) - PAPER_GAPS[place % len(PAPER_GAPS)]
        for place in range(layouts)
    )
