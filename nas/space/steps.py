"""The steps of a layout's chains: what its stem, stages and head may be, each priced once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from coatnet.config import BlockType, CoAtNetConfig, RelativeBias, StageConfig, StemConfig, StemType
from nas.errors import SpecError
from nas.space.counting.chains import START, Step
from nas.space.parts import Price, State, block_price, halved, head_price, stem_price
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity, StageType
from search_spaces.language.domains import Value
from search_spaces.language.layout_space import (
    ConvolutionStems,
    LayoutSpace,
    PatchStems,
    StageSpace,
    Times,
    multiple,
)

MOST_PAIRS = 200_000  # of what a stage takes in and what it is: some two seconds
MOST_EDGES = 2_000_000  # the same with depths


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Made:
    """A step, what it hands on, and what each of its edges chooses."""

    step: Step
    after: tuple[State, ...]
    names: tuple[str, ...]  # of the variables, ``depth1``: without the layout
    choices: Sequence[tuple[Value, ...]]  # of each edge, in that order


@dataclass(kw_only=True, slots=True)
class _Edges:
    """The edges of a step as they are found."""

    names: tuple[str, ...] = ()
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    prices: list[np.ndarray] = field(default_factory=list)
    choices: list[tuple[Value, ...]] = field(default_factory=list)
    states: dict[State, int] = field(default_factory=dict)

    def add(
        self, before: int, after: State, prices: np.ndarray, choices: list[tuple[Value, ...]]
    ) -> None:
        """Add an edge a choice, all between the same states; `prices` are [edges, quantities]."""
        number = self.states.setdefault(after, len(self.states))
        self.before += [before] * len(choices)
        self.after += [number] * len(choices)
        self.prices.append(prices)
        self.choices += choices

    def made(self) -> Made | None:
        """Return the step; None where it has no edge."""
        if not self.choices:
            return None
        return Made(
            step=Step(
                before=np.array(self.before, np.int64),
                after=np.array(self.after, np.int64),
                prices=np.concatenate(self.prices),
            ),
            after=tuple(self.states),
            names=self.names,
            choices=tuple(self.choices),
        )


class Pricing:
    """Makes the steps of one layout; equal steps of several options are one object."""

    def __init__(
        self,
        layout: LayoutSpace,
        shape: DataShape,
        asked: tuple[Quantity, ...],
        *,
        shrink: bool,
    ) -> None:
        """Ask for the prices of these quantities; `shrink` tells whether widths may."""
        self._layout, self._asked, self._shrink = layout, asked, shrink
        self._image = shape.image_size, shape.image_size
        self._known: dict[tuple[object, ...], Made | None] = {}

    def steps(self, config: CoAtNetConfig) -> tuple[Made, ...] | None:
        """Return the steps of all networks that have the config's options, None if there is none.

        Raises:
            SpecError: a stage has more sizes than can be priced one by one.
        """
        made: list[Made] = []
        for place in range(len(self._layout.stages) + 2):
            before = made[-1].after if made else ()
            key = (place, before, *self._matters(config, place))
            if key not in self._known:
                self._known[key] = self._step(config, place, before)
            step = self._known[key]
            if step is None:
                return None
            made.append(step)
        return tuple(made)

    def _matters(self, config: CoAtNetConfig, place: int) -> tuple[object, ...]:
        """Return what of the options the prices at a place depend on."""
        if not 1 <= place <= len(self._layout.stages):
            return ()
        kept = Quantity.ACTIVATION_BYTES in self._asked
        if self._layout.stages[place - 1].type is StageType.CONVOLUTION:
            alike = config.mbconv_stride, config.kernel, config.expansion, config.squeeze_ratio
            return (*alike, config.mbconv_norm, config.pool) if kept else alike
        alike = config.attention, config.window, config.head_size, config.expansion
        bias = config.relative_bias
        return (*alike, bias, config.pool) if kept else (*alike, bias is RelativeBias.NONE)

    def _step(self, config: CoAtNetConfig, place: int, before: tuple[State, ...]) -> Made | None:
        if place == 0:
            return self._stem(config)
        if place > len(self._layout.stages):
            return self._head(config, before)
        return self._stage(config, place, before)

    def _stem(self, config: CoAtNetConfig) -> Made | None:
        edges = _Edges()
        match self._layout.stem:
            case ConvolutionStems() as stems:
                edges.names = ("stem_width", "stem_depth", "stem_stride")
                domains = stems.width, stems.depth, stems.stride
                for width, depth, stride in product(*(each.values() for each in domains)):
                    stem = StemConfig(width=width, depth=depth, stride=stride)
                    size = halved(self._image, stride)
                    price = stem_price(replace(config, stem=stem), size, self._asked)
                    edges.add(START, State(width, size), _rows(price), [(width, depth, stride)])
            case PatchStems() as stems:
                edges.names = ("patch",)
                nothing = _rows((0,) * len(self._asked))  # its price comes with the stage's width
                for patch in stems.size.values():
                    if self._image[0] % patch == 0:
                        size = self._image[0] // patch, self._image[1] // patch
                        edges.add(START, State(0, size), nothing, [(patch,)])
        return edges.made()

    def _head(self, config: CoAtNetConfig, before: tuple[State, ...]) -> Made | None:
        edges = _Edges()
        for number, state in enumerate(before):
            price = head_price(config, state.width, self._asked)
            edges.add(number, State(0, (1, 1)), _rows(price), [()])
        return edges.made()

    def _stage(self, config: CoAtNetConfig, number: int, before: tuple[State, ...]) -> Made | None:
        stage = self._layout.stages[number - 1]
        depths = stage.depth.values()
        self._check(number, stage, len(before), len(depths))
        width_name = "times" if isinstance(stage.width, Times) else "width"
        names = ("depth", width_name, "stride", *(key for key, _ in stage.own))
        edges = _Edges(names=tuple(f"{name}{number}" for name in names))
        further = np.array(depths, np.int64)[:, None] - 1
        for own in product(*(each.values() for _, each in stage.own)):
            given = dict(zip((key for key, _ in stage.own), own, strict=True))
            made_of = _stage_config(config, stage, given)
            for place, state in enumerate(before):
                for width, chosen in self._widths(stage, made_of, config, state):
                    for stride in stage.stride.values():
                        after = State(width, halved(state.size, stride))
                        first, other = self._blocks(config, made_of, state, after, stride)
                        choices = [(depth, chosen, stride, *own) for depth in depths]
                        edges.add(place, after, first + further * other, choices)
        return edges.made()

    def _check(self, number: int, stage: StageSpace, before: int, depths: int) -> None:
        widths = stage.width.factors if isinstance(stage.width, Times) else stage.width
        pairs = before * widths.size * stage.stride.size
        for _, each in stage.own:
            pairs *= each.size
        if pairs > MOST_PAIRS or pairs * depths > MOST_EDGES:
            raise SpecError(
                f"S{number} of {self._layout.name} has {pairs:,} pairs of what it takes in and "
                f"what it is, and {depths:,} depths: more than can be priced one by one; use "
                "larger steps, or choices",
                key="space.stages",
            )

    def _widths(
        self, stage: StageSpace, made_of: StageConfig, config: CoAtNetConfig, state: State
    ) -> Iterator[tuple[int, Value]]:
        """Yield the widths that can be built after `state`, each with the value that says so."""
        heads = made_of.head_size or config.head_size
        attends = stage.type is StageType.TRANSFORMER
        if isinstance(stage.width, Times):
            unit = heads if attends else 1
            found = [(multiple(f * state.width, unit), f) for f in stage.width.factors.values()]
        else:
            found = [(width, width) for width in stage.width.values()]
        for width, chosen in found:
            if attends and width % heads:
                continue
            if width >= state.width or self._shrink:
                yield width, chosen

    def _blocks(
        self, config: CoAtNetConfig, stage: StageConfig, before: State, after: State, stride: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the prices of a stage's first block and of each other one, [1, quantities]."""
        asked = self._asked
        stem: Price = (0,) * len(asked)
        if before.width == 0:  # patches, as wide as the stage
            patch = self._image[0] // before.size[0]
            patches = StemConfig(type=StemType.PATCH, width=after.width, depth=1, stride=patch)
            stem = stem_price(replace(config, stem=patches), before.size, asked)
            before = State(after.width, before.size)
        first = block_price(config, stage, before, after, stride=stride, asked=asked)
        other = block_price(config, stage, after, after, stride=1, asked=asked)
        return _rows(stem) + _rows(first), _rows(other)


def _stage_config(config: CoAtNetConfig, stage: StageSpace, own: Mapping[str, Any]) -> StageConfig:
    heads = own.get("head_size") or config.head_size
    return StageConfig(block=BlockType(stage.type.value), depth=1, width=heads, **own)


def _rows(price: Price) -> np.ndarray:
    return np.array([price], np.int64)
