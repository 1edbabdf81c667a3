"""The space itself: layouts with domains, counted and addressed without listing their points."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from search_spaces.language.constraints import Match, StageType
from search_spaces.language.domains import Domain
from search_spaces.language.errors import did_you_mean, shown
from search_spaces.language.options import NetworkOptions

LAYOUT = "layout"  # the variable that every assignment holds


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvolutionStem:
    """S0: 3x3 convolutions, the first one strided."""

    width: int
    depth: int = 2
    stride: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchStem:
    """ViT_REL's stem: the image in patches of `size` pixels, as wide as the stage after it."""

    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStem:
    """A stem that the file does not describe: size matching chooses it."""

    patches: bool  # of the kind of `PatchStem`


Stem = ConvolutionStem | PatchStem | OpenStem


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage of a point."""

    type: StageType
    depth: int
    width: int
    stride: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One network of the space, before anyone asked whether it can be built and what it costs."""

    layout: str  # the name in the file, which may differ from the stages' types
    stem: Stem
    stages: tuple[Stage, ...]
    options: NetworkOptions

    def __str__(self) -> str:
        """Return one line for messages."""
        types = "-".join(stage.type for stage in self.stages)
        kind = "" if self.layout == types else f" ({types})"
        patch = f" patch {self.stem.size}" if isinstance(self.stem, PatchStem) else ""
        depths = "-".join(str(stage.depth) for stage in self.stages)
        widths = "-".join(str(stage.width) for stage in self.stages)
        return f"{self.layout}{kind}{patch} depths {depths} widths {widths}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSpace:
    """What a stage may be."""

    type: StageType
    depth: Domain
    width: Domain
    stride: Domain


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutSpace:
    """All points of one named layout; they differ in the domains of its stages only."""

    name: str
    stem: Stem
    stages: tuple[StageSpace, ...]
    options: NetworkOptions

    def domains(self) -> Iterator[tuple[str, Domain]]:
        """Yield every domain with its variable's name, in the order in which points are counted."""
        for number, stage in enumerate(self.stages, start=1):
            yield f"{self.name}/depth{number}", stage.depth
            yield f"{self.name}/width{number}", stage.width
            yield f"{self.name}/stride{number}", stage.stride

    @property
    def variables(self) -> Mapping[str, tuple[int, ...]]:
        """What a sampler chooses once it has chosen this layout: the domains of several values."""
        return {name: domain.values() for name, domain in self.domains() if domain.size > 1}

    def count(self) -> int:
        """Return the number of points, without listing them."""
        return math.prod(domain.size for _, domain in self.domains())

    def point_at(self, index: int) -> Point:
        """Return the point at `index`, counted from 0; the last stage varies fastest.

        Raises:
            IndexError: there are not so many points.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"point {index} of {self.count()} in {self.name}")
        chosen: list[int] = []
        for _, domain in reversed(tuple(self.domains())):
            index, digit = divmod(index, domain.size)
            chosen.append(domain.at(digit))
        return self._point(tuple(reversed(chosen)))

    def point(self, assignment: Mapping[str, int | str]) -> Point:
        """Return the point where the variables have these values.

        Raises:
            ValueError: a variable is missing or cannot have its value.
        """
        return self._point(
            tuple(_chosen(name, domain, assignment) for name, domain in self.domains())
        )

    def _point(self, chosen: tuple[int, ...]) -> Point:
        stages = tuple(
            Stage(type=stage.type, depth=depth, width=width, stride=stride)
            for stage, depth, width, stride in zip(
                self.stages, chosen[0::3], chosen[1::3], chosen[2::3], strict=True
            )
        )
        return Point(
            layout=self.name,
            stem=self.stem,
            stages=stages,
            options=self.options,
        )


def _chosen(name: str, domain: Domain, assignment: Mapping[str, int | str]) -> int:
    if domain.size == 1:
        return domain.at(0)
    value = assignment.get(name)
    for option in domain.values():
        if option == value:
            return option
    raise ValueError(f"variable '{name}' must be one of {domain.values()[:10]}, not {shown(value)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSpace:
    """The layouts to compare, in the file's order, and the sizes they must match."""

    layouts: tuple[LayoutSpace, ...]
    match: Match | None = None

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

    def count(self) -> int:
        """Return the number of points, without listing them."""
        return sum(layout.count() for layout in self.layouts)

    def points(self) -> Iterator[Point]:
        """Yield every point: layout by layout in the file's order, the last stage fastest."""
        for layout in self.layouts:
            for index in range(layout.count()):
                yield layout.point_at(index)

    def point_at(self, index: int) -> Point:
        """Return the point that `points` yields at `index`, counted from 0.

        Raises:
            IndexError: there are not so many points.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"point {index} of {self.count()}")
        for layout in self.layouts:
            if index < layout.count():
                return layout.point_at(index)
            index -= layout.count()
        raise AssertionError("the layouts' counts add up to the space's")

    def sample(self, rng: random.Random) -> Point:
        """Return a point, each equally likely."""
        return self.point_at(rng.randrange(self.count()))

    @property
    def variables(self) -> Mapping[str, tuple[int | str, ...]]:
        """All that a sampler chooses: the layout, then that layout's own variables.

        A variable named ``LAYOUT/...`` counts only where `layout` is LAYOUT; to draw no others,
        ask ``space.layout(name).variables``.
        """
        found: dict[str, tuple[int | str, ...]] = {
            LAYOUT: tuple(layout.name for layout in self.layouts)
        }
        for layout in self.layouts:
            found.update(layout.variables)
        return found

    def point(self, assignment: Mapping[str, int | str]) -> Point:
        """Return the point of an assignment; variables of other layouts are ignored.

        Raises:
            ValueError: a variable is missing, unknown, or cannot have its value.
        """
        known = self.variables
        for name in assignment:
            if name not in known:
                raise ValueError(f"no variable '{name}'{did_you_mean(name, known)}")
        name = assignment.get(LAYOUT)
        if name not in known[LAYOUT]:
            raise ValueError(
                f"variable '{LAYOUT}' must be one of {known[LAYOUT]}, not {shown(name)}"
            )
        return self.layout(str(name)).point(assignment)

    def assignment(self, point: Point) -> Mapping[str, int | str]:
        """Return the assignment that `point` turns into this point.

        Raises:
            KeyError: the point's layout is not of this space.
        """
        layout = self.layout(point.layout)
        chosen = [
            value for stage in point.stages for value in (stage.depth, stage.width, stage.stride)
        ]
        values: dict[str, int | str] = {LAYOUT: layout.name}
        for (name, domain), value in zip(layout.domains(), chosen, strict=True):
            if domain.size > 1:
                values[name] = value
        return values
