"""Regularised evolution: the best of a few of the newest candidates has a child, the oldest die."""

import random
from dataclasses import dataclass

from nas.search.samplers.learning import Seen
from nas.search.samplers.sampler import Assignment
from nas.seeds import derive_seed

POPULATION = 20  # of candidates that may have children: the newest that have ended
SAMPLE = 5  # of these, drawn to compete; the paper's are 100 and 25, for 20,000 networks


@dataclass(frozen=True, kw_only=True, slots=True)
class Evolution:
    """Chooses a parent; the sampler proposes a neighbour of it, for the parent itself is known.

    Real et al. 2018 (arXiv 1802.01548), Algorithm 1: whatever its worth, a candidate leaves the
    population by age alone, so that one lucky run does not breed for ever.
    """

    seed: int
    startup: int = POPULATION

    def learned(self, seen: Seen) -> None:
        """Nothing is kept."""

    def choose(self, seen: Seen) -> Assignment:
        """Return the point of the best of `SAMPLE` that were drawn from the population."""
        rng = random.Random(derive_seed(self.seed, "evolution", seen.number))
        newest = range(max(seen.ended - POPULATION, 0), seen.ended)
        drawn = rng.sample(newest, min(SAMPLE, len(newest)))
        return seen.points[max(drawn, key=lambda place: (seen.worth(place), place))]
