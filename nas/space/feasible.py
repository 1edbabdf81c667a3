"""The points of a space that keep to its limits: counted, drawn, and why there are none."""

import random
from dataclasses import dataclass

import numpy as np

from nas.errors import SpecError
from nas.seeds import derive_seed
from nas.space.counting.chains import budget
from nas.space.counting.feasible import Count, Feasible
from nas.space.priced import Branch, branches
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity
from search_spaces.language.domains import draw
from search_spaces.language.points import Point
from search_spaces.language.recipe import PREFIX
from search_spaces.language.space import SearchSpace


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How many points a space has, and how many of them keep to its limits.

    Ranges of the recipe without steps count once.
    """

    points: int  # before anything is ruled out
    feasible: Count


class FeasibleSpace:
    """The points of a space on images of a shape, within its limits."""

    def __init__(self, space: SearchSpace, shape: DataShape) -> None:
        """Price the space; some tenths of a second.

        Raises:
            SpecError: a stage has more sizes than can be priced one by one.
        """
        self.space = space
        limited = [limit.quantity for limit in space.limits]
        self.quantities = tuple(dict.fromkeys(limited)) or (Quantity.PARAMETERS,)
        self.branches: tuple[Branch, ...] = branches(space, shape, self.quantities)
        limits = budget(len(self.quantities))
        for limit in space.limits:
            place = self.quantities.index(limit.quantity)
            limits = limits.narrowed(place, low=limit.least, high=limit.most)
        self.limits = limits
        self._feasible: Feasible | None = None
        if self.branches:
            chains = [branch.chain for branch in self.branches]
            self._feasible = Feasible(chains, limits)

    def count(self, *, exact: bool = False) -> Counted:
        """Return the number of points; `exact` may take minutes.

        Raises:
            SpecError: it should be exact, and the space is too large.
        """
        none = Count(value=0, low=0, high=0, resolution=(0,) * len(self.quantities))
        try:
            found = self._feasible.count(exact=exact) if self._feasible else none
        except ValueError as error:
            raise SpecError(str(error), key="--exact") from error
        return Counted(points=self.space.count(), feasible=found)

    @property
    def empty(self) -> bool:
        """Whether no point keeps to the limits, for sure."""
        return self._feasible is None or not self._feasible.candidates

    def sample(self, count: int, *, seed: int, stream: str = "points") -> list[Point]:
        """Return so many points, each drawn by itself and with the same probability.

        Ranges of the recipe without steps are drawn evenly, or by ratio. Equal seeds give equal
        points.

        Raises:
            ValueError: there is none.
        """
        if self._feasible is None:
            raise ValueError("the space has no point")
        rng = np.random.default_rng(derive_seed(seed, stream))
        choice = random.Random(derive_seed(seed, stream, "options"))
        paths = self._feasible.sample(count, rng).paths
        found: list[Point] = []
        for number, edges in zip(paths.chain.tolist(), paths.edges.tolist(), strict=True):
            branch = self.branches[number]
            recipe = {PREFIX + key: draw(each, choice) for key, each in branch.layout.recipe}
            steps = edges[: len(branch.made)]
            found.append(branch.point(steps, choice.choice(branch.options), recipe))
        return found
