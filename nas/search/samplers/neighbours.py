"""From a point of a space to networks beside it that can be trained: evolution's mutations."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from nas.search.samplers.sampler import Assignment, Maker
from nas.space.candidate import Candidate
from search_spaces.language.domains import AnyDomain, Value, draw, is_choice
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace

TRIES = 100  # changes in all, half of them of one variable, half of two

# From a point, which itself need not be one that can be trained, to such as can, in an order drawn
# from the generator. It ends.
Neighbours: TypeAlias = Callable[[Assignment, random.Random], Iterator[Candidate]]


class OneChange:
    """Changes one variable at random; where no such network is wanted, a second one too."""

    def __init__(self, space: SearchSpace, make: Maker) -> None:
        """Change points of `space`; `make` turns down what cannot be trained."""
        self._space, self._make = space, make
        self._names = tuple(layout.name for layout in space.layouts)
        self._variables: Mapping[str, Mapping[str, AnyDomain]] = {
            layout.name: {name: domain for name, domain in layout.domains() if is_choice(domain)}
            for layout in space.layouts
        }

    def __call__(self, point: Assignment, rng: random.Random) -> Iterator[Candidate]:
        """Yield networks near `point`, some perhaps twice."""
        for attempt in range(TRIES):
            changed = self._changed(point, rng)
            if 2 * attempt >= TRIES and changed is not None:
                changed = self._changed(changed, rng)
            if changed is None:
                return  # the space has a single point
            made = self._make(self._space.point(changed))
            if isinstance(made, Candidate):
                yield made

    def _changed(self, point: Assignment, rng: random.Random) -> Assignment | None:
        layout = str(point[LAYOUT])
        domains = self._variables[layout]
        names = [*domains, *([LAYOUT] if len(self._names) > 1 else [])]
        if not names:
            return None
        name = rng.choice(names)
        if name == LAYOUT:
            other = rng.choice([each for each in self._names if each != layout])
            return self._moved(point, layout, other, rng)
        return {**point, name: _other(domains[name], point[name], rng)}

    def _moved(self, point: Assignment, old: str, new: str, rng: random.Random) -> Assignment:
        """Take to another layout what both let vary alike; the rest is drawn."""
        moved: dict[str, Value] = {LAYOUT: new}
        for name, domain in self._variables[new].items():
            own = name.startswith(f"{new}/")  # options and recipe are called alike in all layouts
            before = f"{old}/{name.removeprefix(f'{new}/')}" if own else name
            alike = self._variables[old].get(before) == domain
            moved[name] = point[before] if alike else draw(domain, rng)
        return moved


def _other(domain: AnyDomain, value: Value, rng: random.Random) -> Value:
    """Return another value of a domain of at least two, each equally likely."""
    while True:
        drawn = draw(domain, rng)
        if drawn != value:
            return drawn
