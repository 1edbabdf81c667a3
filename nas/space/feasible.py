"""The points of a space that keep to its limits: counted, drawn, and why there are none."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from nas.errors import SpecError
from nas.seeds import derive_seed
from nas.space.counting.chains import Budget, budget
from nas.space.counting.emptiness import Constraint, why_empty
from nas.space.counting.estimates import Count, certain
from nas.space.counting.feasible import Feasible
from nas.space.counting.paths import enumerate_paths
from nas.space.priced import Branch, Values, branches
from nas.study.records import DataShape
from search_spaces.language.constraints import Limit, Quantity
from search_spaces.language.domains import draw
from search_spaces.language.points import Point
from search_spaces.language.recipe import PREFIX, RecipeSpace
from search_spaces.language.space import SearchSpace

MOST_PATHS = 1_000_000  # gone through where points are listed: a second
BATCH = 64  # points drawn together


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
        self.limits = self._budget()
        self._feasible: Feasible | None = None
        if self.branches:
            chains = [branch.chain for branch in self.branches]
            self._feasible = Feasible(chains, self.limits)

    def _budget(self) -> Budget:
        found = budget(len(self.quantities))
        for limit in self.space.limits:
            place = self.quantities.index(limit.quantity)
            found = found.narrowed(place, low=limit.least, high=limit.most)
        return found

    def count(self, *, exact: bool = False) -> Counted:
        """Return the number of points; `exact` may take minutes.

        Raises:
            SpecError: it should be exact, and the space is too large.
        """
        none = certain(0, len(self.quantities))
        try:
            found = self._feasible.count(exact=exact) if self._feasible else none
        except ValueError as error:
            raise SpecError(str(error), key="--exact") from error
        return Counted(points=self.space.count(), feasible=found)

    @property
    def empty(self) -> bool:
        """Whether no point keeps to the limits, for sure."""
        return self._feasible is None or self._feasible.empty

    def points(self, *, most: int) -> list[Point]:
        """Return all points that keep to the limits, layout by layout.

        Raises:
            ValueError: there are more than `most`, or too many paths to go through, or a recipe
                has a range without steps.
        """
        if self._feasible is None:
            return []
        if self._feasible.candidates > 2 * most:
            raise ValueError(f"more than {most:,} points")
        chains = [branch.chain for branch in self.branches]
        paths = enumerate_paths(chains, self.limits, most=MOST_PATHS)
        found: list[Point] = []
        for number, edges in zip(paths.chain.tolist(), paths.edges.tolist(), strict=True):
            branch = self.branches[number]
            steps = edges[: len(branch.made)]
            for options, recipe in product(branch.options, _recipes(branch.layout.recipe)):
                found.append(branch.point(steps, options, recipe))
            if len(found) > most:
                raise ValueError(f"more than {most:,} points")
        return found

    def why_empty(self) -> SpecError:
        """Return the error that says which limit leaves nothing, of a space that is empty.

        Limits are taken one after another in the file's order: the first that leaves no point is
        named, with those of the others that it takes to leave none, and how near points come.
        """
        if not self.branches:
            return SpecError(
                "no network of it can be built on these images: no width of a transformer stage "
                "has whole heads, widths shrink, or patches do not divide the image",
                key="space",
            )
        bounds = [
            Constraint(
                name=str(number), quantity=self.quantities.index(limit.quantity), low=low, high=high
            )
            for number, limit in enumerate(self.space.limits)
            for low, high in ((limit.least, None), (None, limit.most))
            if (low, high) != (None, None)
        ]
        found = why_empty([branch.chain for branch in self.branches], bounds)
        assert found is not None
        assert found.constraint is not None
        last = self.space.limits[int(found.constraint.name)]
        others = dict.fromkeys(int(each.name) for each in found.others)
        given = " and ".join(_limit_words(self.space.limits[number]) for number in others)
        extreme = "smallest" if found.constraint.low is None else "largest"
        return SpecError(
            f"leaves no network: of {f'those with {given}' if given else 'all'} the {extreme} has "
            f"{found.nearest:,} {last.quantity.words}",
            key=".".join(("space", *map(str, last.path))),
        )

    def sample(self, count: int, *, seed: int, stream: str = "points") -> list[Point]:
        """Return so many points, each drawn by itself and with the same probability.

        Ranges of the recipe without steps are drawn evenly, or by ratio. Equal seeds give equal
        points.

        Raises:
            SpecError: there is none; the limit that leaves none is named.
        """
        if self._feasible is None or self.empty:
            raise self.why_empty()
        rng = np.random.default_rng(derive_seed(seed, stream))
        choice = random.Random(derive_seed(seed, stream, "options"))
        try:
            paths = self._feasible.sample(count, rng).paths
        except ValueError as error:  # what rounded prices let through is all there was
            raise self.why_empty() from error
        found: list[Point] = []
        for number, edges in zip(paths.chain.tolist(), paths.edges.tolist(), strict=True):
            branch = self.branches[number]
            recipe = {PREFIX + key: draw(each, choice) for key, each in branch.layout.recipe}
            steps = edges[: len(branch.made)]
            found.append(branch.point(steps, choice.choice(branch.options), recipe))
        return found


class FeasibleDraws:
    """Random points of a space that keep to its limits, one at a time."""

    def __init__(self, feasible: FeasibleSpace) -> None:
        """Draw from a space."""
        self._feasible = feasible
        self._drawn: list[Point] = []

    def sample(self, rng: random.Random) -> Point:
        """Return a point, each equally likely; the generator is asked once for many.

        Raises:
            SpecError: there is none; the limit that leaves none is named.
        """
        if not self._drawn:
            self._drawn = self._feasible.sample(BATCH, seed=rng.getrandbits(62))[::-1]
        return self._drawn.pop()


def _recipes(recipe: RecipeSpace) -> Iterator[Values]:
    names = [PREFIX + key for key, _ in recipe]
    for chosen in product(*(each.values() for _, each in recipe)):
        yield dict(zip(names, chosen, strict=True))


def _limit_words(limit: Limit) -> str:
    return f"{limit.quantity.words} {limit.range}"
