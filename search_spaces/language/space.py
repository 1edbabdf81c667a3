"""The space itself: layouts with domains, counted and addressed without listing their points."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from search_spaces.language.block_times import BlockTimes
from search_spaces.language.constraints import Constraints, Limit, Match
from search_spaces.language.domains import Choice, Value
from search_spaces.language.errors import did_you_mean, shown
from search_spaces.language.layout_space import LayoutSpace
from search_spaces.language.points import LAYOUT, Point


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSpace:
    """The layouts to compare, in the file's order, and what their points must keep to."""

    layouts: tuple[LayoutSpace, ...]
    match: Match | None = None
    constraints: Constraints = field(default_factory=Constraints)
    times: BlockTimes | None = None  # of the device whose latency is limited

    def layout(self, name: str) -> LayoutSpace:
        """Return the layout of that name.

        Raises:
            KeyError: no such layout.
        """
        for layout in self.layouts:
            if layout.name == name:
                return layout
        names = [layout.name for layout in self.layouts]
        raise KeyError(f"no layout '{name}'{did_you_mean(name, names)}")

    @property
    def endless(self) -> bool:
        """Whether a variable has a range without steps, so that points cannot be listed."""
        return any(layout.endless for layout in self.layouts)

    def count(self) -> int:
        """Return the number of points, without listing them and before constraints."""
        return sum(layout.count() for layout in self.layouts)

    def points(self) -> Iterator[Point]:
        """Yield every point: layout by layout in the file's order, the last stage fastest."""
        for layout in self.layouts:
            for index in range(layout.count()):
                yield layout.point_at(index)

    def point_at(self, index: int, rng: random.Random | None = None) -> Point:
        """Return the point that `points` yields at `index`, counted from 0.

        Raises:
            IndexError: there are not so many points.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"point {index} of {self.count()}")
        for layout in self.layouts:
            if index < layout.count():
                return layout.point_at(index, rng)
            index -= layout.count()
        raise AssertionError("the layouts' counts add up to the space's")

    def sample(self, rng: random.Random) -> Point:
        """Return a point, each equally likely, before constraints."""
        return self.point_at(rng.randrange(self.count()), rng)

    @property
    def layout_choice(self) -> Choice[str]:
        """The variable `layout`."""
        return Choice(options=tuple(layout.name for layout in self.layouts))

    def point(self, assignment: Mapping[str, Value]) -> Point:
        """Return the point of an assignment; variables of other layouts are ignored.

        Raises:
            ValueError: a variable is missing, unknown, or cannot have its value.
        """
        known = {LAYOUT, *(name for layout in self.layouts for name in layout.variables)}
        for name in assignment:
            if name not in known:
                raise ValueError(f"no variable '{name}'{did_you_mean(name, known)}")
        name = assignment.get(LAYOUT)
        if name not in self.layout_choice.options:
            raise ValueError(
                f"variable '{LAYOUT}' must be one of {self.layout_choice.options}, "
                f"not {shown(name)}"
            )
        return self.layout(str(name)).point(assignment)

    def assignment(self, point: Point) -> Mapping[str, Value]:
        """Return the assignment that `point` turns into this point.

        Raises:
            KeyError: the point's layout is not of this space.
        """
        return {LAYOUT: point.layout, **self.layout(point.layout).assignment(point)}

    @property
    def image_sizes(self) -> tuple[int, ...]:
        """The sizes of images that its networks take, in pixels; none where it does not say."""
        said = self.layouts[0].image_size  # which all layouts have in common
        return () if said is None else said.values()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits on prices and depth, those of `match` among them."""
        return (*self.constraints.limits, *(self.match.limits if self.match else ()))

    def broken_by(self, point: Point) -> str | None:
        """Return the rule about shapes that the point breaks, or None; prices are not asked."""
        rules = self.constraints
        if rules.widths_do_not_shrink and point.widths_shrink:
            return "its widths shrink, which 'widths_do_not_shrink' rules out"
        return None
