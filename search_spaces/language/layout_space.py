"""One layout of a space: the domains of its stages, its options and its recipe."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from search_spaces.language.constraints import StageType
from search_spaces.language.domains import (
    AnyDomain,
    Choice,
    Domain,
    Fixed,
    FloatRange,
    Value,
    chosen,
    draw,
    endless,
    is_choice,
)
from search_spaces.language.options import OptionSpace
from search_spaces.language.points import IMAGE_SIZE, ConvolutionStem, PatchStem, Point, Stage
from search_spaces.language.recipe import PREFIX, RecipeSpace


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvolutionStems:
    """What a stem of convolutions may be."""

    width: Domain
    depth: Domain
    stride: Domain


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchStems:
    """What a stem of patches may be: their size in pixels."""

    size: Domain


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStem:
    """A stem that the file does not describe: size matching chooses it."""

    patches: bool  # of the kind of `PatchStem`


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """A width as a multiple of the width before it (of the stem's, for S1), rounded.

    To the nearest whole number, in a transformer stage to the nearest number of whole heads.
    """

    factors: Fixed[float] | Choice[float] | FloatRange


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSpace:
    """What a stage may be; `own` are options that it takes for itself, by their key."""

    type: StageType
    depth: Domain
    width: Domain | Times
    stride: Domain
    own: tuple[tuple[str, AnyDomain], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutSpace:
    """All points of one named layout, in an order in which the last stage varies fastest."""

    name: str
    stem: ConvolutionStems | PatchStems | OpenStem
    stages: tuple[StageSpace, ...]
    options: OptionSpace
    image_size: Domain | None = None  # pixels a side; None: not said, so as the study's images are
    recipe: RecipeSpace = ()

    @property
    def types(self) -> tuple[StageType, ...]:
        """The types of its stages."""
        return tuple(stage.type for stage in self.stages)

    def domains(self) -> Iterator[tuple[str, AnyDomain]]:
        """Yield every domain with its variable's name, in the order in which points are counted.

        Variables of stages and stem are the layout's own, ``C-T/width2``; options, image size and
        recipe are called alike in all layouts, ``head_size`` and ``recipe.learning_rate``.
        """
        yield from self.common
        for key, each in self.recipe:
            yield PREFIX + key, each
        match self.stem:
            case ConvolutionStems():
                yield f"{self.name}/stem_width", self.stem.width
                yield f"{self.name}/stem_depth", self.stem.depth
                yield f"{self.name}/stem_stride", self.stem.stride
            case PatchStems():
                yield f"{self.name}/patch", self.stem.size
        for number, stage in enumerate(self.stages, start=1):
            yield f"{self.name}/depth{number}", stage.depth
            if isinstance(stage.width, Times):
                yield f"{self.name}/times{number}", stage.width.factors
            else:
                yield f"{self.name}/width{number}", stage.width
            yield f"{self.name}/stride{number}", stage.stride
            for key, each in stage.own:
                yield f"{self.name}/{key}{number}", each

    @property
    def common(self) -> tuple[tuple[str, AnyDomain], ...]:
        """What holds for a whole network, whatever its stages: options, and the image size."""
        sizes = () if self.image_size is None else ((IMAGE_SIZE, self.image_size),)
        return (*self.options.domains, *sizes)

    @property
    def variables(self) -> Mapping[str, AnyDomain]:
        """What a sampler chooses once it has chosen this layout."""
        return {name: each for name, each in self.domains() if is_choice(each)}

    @property
    def endless(self) -> bool:
        """Whether a variable has a range without steps, so that points cannot be listed."""
        return any(endless(each) for _, each in self.domains())

    def count(self) -> int:
        """Return the number of points, without listing them; a range without steps counts once."""
        return math.prod(each.size for _, each in self.domains())

    def point_at(self, index: int, rng: random.Random | None = None) -> Point:
        """Return the point at `index`, counted from 0; ranges without steps are drawn from `rng`.

        Raises:
            IndexError: there are not so many points.
            ValueError: a range has no steps, and there is no `rng`.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"point {index} of {self.count()} in {self.name}")
        values: dict[str, Value] = {}
        for name, each in reversed(tuple(self.domains())):
            index, digit = divmod(index, each.size)
            drawn = rng is not None and endless(each)
            values[name] = draw(each, cast("random.Random", rng)) if drawn else each.at(digit)
        return self.build(values)

    def point(self, assignment: Mapping[str, Value]) -> Point:
        """Return the point where the variables have these values.

        Raises:
            ValueError: a variable is missing or cannot have its value.
        """
        return self.build(
            {
                name: chosen(name, each, assignment.get(name)) if is_choice(each) else each.at(0)
                for name, each in self.domains()
            }
        )

    def build(self, values: Mapping[str, Value]) -> Point:
        """Return the point where every domain's variable has these values, which are not checked.

        Raises:
            KeyError: one is missing.
        """
        number = cast("Mapping[str, Any]", values)  # of the type that each domain says
        options = self.options.options({name: values[name] for name, _ in self.options.domains})
        stem, before = self._stem(number)
        stages: list[Stage] = []
        for index, space in enumerate(self.stages, start=1):
            place = f"{self.name}/{{}}{index}".format
            own: dict[str, Any] = {key: values[place(key)] for key, _ in space.own}
            if isinstance(space.width, Times):
                unit = self._unit(space, own.get("head_size") or options.head_size)
                before = multiple(number[place("times")] * before, unit)
            else:
                before = number[place("width")]
            stages.append(
                Stage(
                    type=space.type,
                    depth=number[place("depth")],
                    width=before,
                    stride=number[place("stride")],
                    **own,
                )
            )
        return Point(
            layout=self.name,
            stem=stem,
            stages=tuple(stages),
            options=options,
            image_size=None if self.image_size is None else number[IMAGE_SIZE],
            recipe=tuple((key, values[PREFIX + key]) for key, _ in self.recipe),
        )

    def assignment(self, point: Point) -> dict[str, Value]:
        """Return the values of the variables that `point` turns into this point of the layout.

        Of factors that round to the same width, the first.
        """
        values: dict[str, Value] = self.options.values(point.options)
        if point.image_size is not None:
            values[IMAGE_SIZE] = point.image_size
        values |= {PREFIX + key: value for key, value in point.recipe}
        before = 0
        if isinstance(point.stem, PatchStem):
            values[f"{self.name}/patch"] = point.stem.size
        else:
            before = point.stem.width
            for key in ("width", "depth", "stride"):
                values[f"{self.name}/stem_{key}"] = getattr(point.stem, key)
        for index, (space, stage) in enumerate(zip(self.stages, point.stages, strict=True), 1):
            for key in ("depth", "width", "stride", *(key for key, _ in space.own)):
                values[f"{self.name}/{key}{index}"] = getattr(stage, key)
            if isinstance(space.width, Times):
                unit = self._unit(space, stage.head_size or point.options.head_size)
                factors = space.width.factors.values()
                values[f"{self.name}/times{index}"] = next(
                    factor for factor in factors if multiple(factor * before, unit) == stage.width
                )
            before = stage.width
        return {name: values[name] for name in self.variables}

    def _unit(self, space: StageSpace, head_size: int) -> int:
        """Return what the widths of a stage must be multiples of."""
        return head_size if space.type is StageType.TRANSFORMER else 1

    def _stem(self, values: Mapping[str, Any]) -> tuple[ConvolutionStem | PatchStem, int]:
        """Return the stem, and how wide the map is that it hands on."""
        if isinstance(self.stem, ConvolutionStems):
            width, depth, stride = (
                values[f"{self.name}/stem_{key}"] for key in ("width", "depth", "stride")
            )
            return ConvolutionStem(width=width, depth=depth, stride=stride), width
        if isinstance(self.stem, PatchStems):
            return PatchStem(size=values[f"{self.name}/patch"]), 0
        raise AssertionError("the stem is not matched yet")


def multiple(width: float, unit: int) -> int:
    """Return the multiple of `unit` that is nearest to `width`, at least one; a half goes up."""
    return max(1, math.floor(width / unit + 0.5)) * unit
