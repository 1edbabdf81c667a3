"""A space as chains of priced steps: what counting, drawing and listing under a budget work on.

Networks of one layout and one choice of options are the paths of a chain: a stem, one stage after
another, the head. What a stage costs depends on what the one before hands on, its width and map,
and on nothing else, so that a space of 10^12 networks has some thousand prices
(`nas.space.counting`). Options that change no price make points of the same chain.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, changed
from nas.space.counting.chains import Chain
from nas.space.part_times import PartTime, looked_up
from nas.space.steps import Made, Pricing
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity
from search_spaces.language.domains import Value
from search_spaces.language.layout_space import LayoutSpace
from search_spaces.language.points import IMAGE_SIZE, Point
from search_spaces.language.space import SearchSpace

Values = Mapping[str, Value]  # by variable


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Branch:
    """A chain, and how its paths are points."""

    layout: LayoutSpace
    chain: Chain
    options: tuple[Values, ...]  # of equal prices: each path is a point under each of them
    made: tuple[Made, ...]

    def point(self, edges: Sequence[int], options: Values, recipe: Values) -> Point:
        """Return the point that takes these edges, one of every step, with options and recipe."""
        values = {**options, **recipe}
        for made, edge in zip(self.made, edges, strict=True):
            names = (f"{self.layout.name}/{name}" for name in made.names)
            values |= dict(zip(names, made.choices[edge], strict=True))
        return self.layout.build(values)


def branches(
    space: SearchSpace,
    shape: DataShape,
    asked: tuple[Quantity, ...],
    *,
    time: PartTime | None = None,
) -> tuple[Branch, ...]:
    """Return the chains of all layouts, with the prices asked for, in the file's order.

    Latency, where it is asked for, is what `time` says of parts, else the space's own table.

    Points that cannot be built, whose widths have no whole heads or shrink where they may not, are
    no paths. A layout without any path is left out.

    Raises:
        SpecError: a stage has more sizes than can be priced one by one, or the table lacks a part.
    """
    time = time or looked_up(space.times)
    found: list[Branch] = []
    shrink = not space.constraints.widths_do_not_shrink
    for layout in space.layouts:
        pricing = Pricing(layout, asked, shrink=shrink, time=time)
        alike: dict[tuple[int, ...], list[Values]] = {}
        steps: dict[tuple[int, ...], tuple[Made, ...]] = {}
        for options in _options(layout):
            made = pricing.steps(_plain(layout, options, shape))
            if made is not None:
                key = tuple(id(each) for each in made)
                alike.setdefault(key, []).append(options)
                steps[key] = made
        recipes = math.prod(each.size for _, each in layout.recipe)
        found += [
            Branch(
                layout=layout,
                chain=Chain(
                    steps=tuple(each.step for each in steps[key]),
                    multiplicity=len(options) * recipes,
                ),
                options=tuple(options),
                made=steps[key],
            )
            for key, options in alike.items()
        ]
    return tuple(found)


def _options(layout: LayoutSpace) -> Iterator[Values]:
    names = [name for name, _ in layout.common]
    for chosen in product(*(each.values() for _, each in layout.common)):
        yield dict(zip(names, chosen, strict=True))


def _plain(layout: LayoutSpace, options: Values, shape: DataShape) -> CoAtNetConfig:
    """Return a network of the layout with these options, whose depths and widths mean nothing."""
    given = layout.options.options({name: options[name] for name, _ in layout.options.domains})
    image_size = options.get(IMAGE_SIZE, shape.image_size)
    assert isinstance(image_size, int)
    stages = tuple(
        StageConfig(block=BlockType(stage.type.value), depth=1, width=given.head_size)
        for stage in layout.stages
    )
    plain = CoAtNetConfig(
        stem=StemConfig(width=1),
        stages=stages,
        head_size=given.head_size,
        image_size=image_size,
        in_channels=shape.channels,
        classes=shape.classes,
    )
    return changed(plain, **asdict(given))
