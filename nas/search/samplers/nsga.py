"""Optuna's genetic algorithms NSGA-II and NSGA-III, in generations that the journal decides."""

import random
from collections.abc import Sequence

from optuna import Study
from optuna.samplers import BaseGASampler, NSGAIIISampler, NSGAIISampler
from optuna.trial import FrozenTrial

from nas.search.samplers.asking import ask, quietly, shown, study_of
from nas.search.samplers.distributions import Axes
from nas.search.samplers.learning import Seen
from nas.search.samplers.sampler import Assignment
from nas.search.samplers.tpe import told
from nas.seeds import derive_seed

POPULATION = 20  # candidates that make a generation, and as many parents of the next


class _Given(BaseGASampler):
    """A genetic algorithm of Optuna's that is told which generation is which."""

    members: Sequence[FrozenTrial] = ()
    parents: Sequence[FrozenTrial] = ()

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        return 1

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        return list(self.members)

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        return list(self.parents)


class NsgaII(_Given, NSGAIISampler):
    """Selects by rank of domination, then by the distance to others of the same rank."""


class NsgaIII(_Given, NSGAIIISampler):
    """Selects by rank of domination, then by reference directions: for three goals and more."""


class Nsga:
    """Crosses and mutates the best of a generation and of its parents.

    A generation is the next `POPULATION` candidates that ended, in their order. It knows no
    conditions: what a layout lacks is drawn, and handed down like all else. Of a single goal it is
    a genetic algorithm that keeps its best.

    Deb et al. 2002 (NSGA-II), Deb and Jain 2014 (NSGA-III).
    """

    startup = POPULATION

    def __init__(self, axes: Axes, *, kind: type[NsgaII | NsgaIII], seed: int) -> None:
        """Suggest points of the space of these axes."""
        self._axes, self._kind, self._seed = axes, kind, seed
        self._parents: list[FrozenTrial] = []

    def learned(self, seen: Seen) -> None:
        """Select parents where a generation ends, by what candidates are worth at that moment."""
        if seen.ended % POPULATION:
            return
        newest = range(seen.ended - POPULATION, seen.ended)
        before = [parent.number - 1 for parent in self._parents]
        worths = told(seen, [*before, *newest])
        sampler = self._sampler("parents", seen.ended)
        sampler.members = [self._individual(seen, place, worths[place]) for place in newest]
        sampler.parents = [self._individual(seen, place, worths[place]) for place in before]
        study = study_of((), sampler, goals=len(seen.goals))
        self._parents = sampler.select_parent(study, 1)

    def choose(self, seen: Seen) -> Assignment:
        """Return a child of two parents, or of one."""
        sampler = self._sampler("child", seen.number)
        sampler.parents = self._parents
        return ask(self._parents, sampler, self._axes, goals=len(seen.goals))

    def _sampler(self, purpose: str, number: int) -> NsgaII | NsgaIII:
        seed = derive_seed(self._seed, "nsga", purpose, number) % 2**32
        return quietly(lambda: self._kind(population_size=POPULATION, seed=seed))

    def _individual(self, seen: Seen, place: int, worth: tuple[float, ...]) -> FrozenTrial:
        rng = random.Random(derive_seed(self._seed, "nsga", "filled", place))
        params = self._axes.filled(seen.points[place], rng)
        return shown(place, params, self._axes, worth=worth)
