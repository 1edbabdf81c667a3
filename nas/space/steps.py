"""The steps of a layout's chains: what its stem, stages and head may be, each priced once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from coatnet.config import (
    BlockType,
    CoAtNetConfig,
    RelativeBias,
    StageConfig,
    StemConfig,
    StemType,
    sides,
)
from nas.errors import SpecError
from nas.space.counting.chains import START, Step
from nas.space.part_times import PartTime
from nas.space.parts import Price, Prices, State, halved
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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Choices(Sequence[tuple[Value, ...]]):
    """What the edges of a stage choose: each pair of states with every depth."""

    depths: tuple[int, ...]
    pairs: list[tuple[Value, ...]]

    def __len__(self) -> int:
        return len(self.depths) * len(self.pairs)

    def __getitem__(self, edge: Any) -> Any:
        pair, depth = divmod(edge, len(self.depths))
        return (self.depths[depth], *self.pairs[pair])


@dataclass(kw_only=True, slots=True)
class _Edges:
    """The edges of a step as they are found: pairs of states, each with every depth."""

    names: tuple[str, ...] = ()
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    first: list[Price] = field(default_factory=list)  # of the first block, or of all there is
    other: list[Price] = field(default_factory=list)  # of each further block
    pairs: list[tuple[Value, ...]] = field(default_factory=list)
    states: dict[State, int] = field(default_factory=dict)

    def add(
        self, before: int, after: State, first: Price, pair: tuple[Value, ...], *, other: Price
    ) -> None:
        """Add the edges between two states."""
        self.before.append(before)
        self.after.append(self.states.setdefault(after, len(self.states)))
        self.first.append(first)
        self.other.append(other)
        self.pairs.append(pair)

    def made(self, depths: tuple[int, ...] | None = None) -> Made | None:
        """Return the step; None where it has no edge."""
        if not self.pairs:
            return None
        times = 1 if depths is None else len(depths)
        prices = np.repeat(np.array(self.first, np.int64), times, axis=0)
        if depths is not None:
            further = np.tile(np.array(depths, np.int64) - 1, len(self.pairs))[:, None]
            prices += further * np.repeat(np.array(self.other, np.int64), times, axis=0)
        return Made(
            step=Step(
                before=np.repeat(np.array(self.before, np.int64), times),
                after=np.repeat(np.array(self.after, np.int64), times),
                prices=prices,
            ),
            after=tuple(self.states),
            names=self.names,
            choices=self.pairs if depths is None else _Choices(depths=depths, pairs=self.pairs),
        )


class Pricing:
    """Makes the steps of one layout; equal steps of several options are one object."""

    def __init__(
        self,
        layout: LayoutSpace,
        asked: tuple[Quantity, ...],
        *,
        shrink: bool,
        time: PartTime | None = None,
    ) -> None:
        """Ask for the prices of these quantities; `shrink` tells whether widths may.

        `time` says what parts take where latency is asked for.
        """
        self._layout, self._asked, self._shrink = layout, asked, shrink
        self._prices = Prices(asked, time)
        self._known: dict[tuple[object, ...], Made | None] = {}

    def steps(self, config: CoAtNetConfig) -> tuple[Made, ...] | None:
        """Return the steps of all networks that have the config's options, None if there is none.

        Raises:
            SpecError: a stage has more sizes than can be priced one by one.
        """
        made: list[Made] = []
        for place in range(len(self._layout.stages) + 2):
            before = made[-1].after if made else ()
            key = (place, before, config.image_size, *self._matters(config, place))
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
        kept = not {Quantity.ACTIVATION_BYTES, Quantity.LATENCY}.isdisjoint(self._asked)
        if self._layout.stages[place - 1].type is StageType.CONVOLUTION:
            alike = config.mbconv_stride, config.kernel, config.expansion, config.squeeze_ratio
            pooled = config.pool, config.pool_size
            return (*alike, config.mbconv_norm, *pooled) if kept else alike
        alike = config.attention, config.window, config.head_size, config.expansion
        bias = config.relative_bias
        return (
            (*alike, bias, config.pool, config.pool_size)
            if kept
            else (*alike, bias is RelativeBias.NONE)
        )

    def _step(self, config: CoAtNetConfig, place: int, before: tuple[State, ...]) -> Made | None:
        if place == 0:
            return self._stem(config)
        if place > len(self._layout.stages):
            return self._head(config, before)
        return self._stage(config, place, before)

    def _stem(self, config: CoAtNetConfig) -> Made | None:
        edges, nothing = _Edges(), self._prices.nothing
        image = sides(config.image_size)
        match self._layout.stem:
            case ConvolutionStems() as stems:
                edges.names = ("stem_width", "stem_depth", "stem_stride")
                domains = stems.width, stems.depth, stems.stride
                for width, depth, stride in product(*(each.values() for each in domains)):
                    stem = StemConfig(width=width, depth=depth, stride=stride)
                    after = State(width, halved(image, stride))
                    price = self._prices.stem(replace(config, stem=stem), after.size)
                    edges.add(START, after, price, (width, depth, stride), other=nothing)
            case PatchStems() as stems:
                edges.names = ("patch",)
                for patch in stems.size.values():
                    if image[0] % patch == 0:  # its price comes with the stage's width
                        after = State(0, (image[0] // patch, image[1] // patch))
                        edges.add(START, after, nothing, (patch,), other=nothing)
        return edges.made()

    def _head(self, config: CoAtNetConfig, before: tuple[State, ...]) -> Made | None:
        edges, nothing = _Edges(), self._prices.nothing
        for number, state in enumerate(before):
            price = self._prices.head(config, state)
            edges.add(number, State(0, (1, 1)), price, (), other=nothing)
        return edges.made()

    def _stage(self, config: CoAtNetConfig, number: int, before: tuple[State, ...]) -> Made | None:
        stage = self._layout.stages[number - 1]
        depths = stage.depth.values()
        self._check(number, stage, len(before), len(depths))
        width_name = "times" if isinstance(stage.width, Times) else "width"
        names = ("depth", width_name, "stride", *(key for key, _ in stage.own))
        edges = _Edges(names=tuple(f"{name}{number}" for name in names))
        for own in product(*(each.values() for _, each in stage.own)):
            given = dict(zip((key for key, _ in stage.own), own, strict=True))
            made_of = _stage_config(config, stage, given)
            price = self._prices.block(config, made_of)
            other: dict[State, Price] = {}
            for place, state in enumerate(before):
                for width, chosen in self._widths(stage, made_of, config, state):
                    for stride in stage.stride.values():
                        after = State(width, halved(state.size, stride))
                        if after not in other:
                            other[after] = price(after, after, 1)
                        if state.width:
                            first = price(state, after, stride)
                        else:
                            first = self._patches(config, state, after, price)
                        pair = (chosen, stride, *own)
                        edges.add(place, after, first, pair, other=other[after])
        return edges.made(depths)

    def _patches(
        self,
        config: CoAtNetConfig,
        before: State,
        after: State,
        price: Callable[[State, State, int], Price],
    ) -> Price:
        """Return the price of a stem of patches, as wide as the stage, with the first block."""
        patch = sides(config.image_size)[0] // before.size[0]
        patches = StemConfig(type=StemType.PATCH, width=after.width, depth=1, stride=patch)
        stem = self._prices.stem(replace(config, stem=patches), before.size)
        first = price(State(after.width, before.size), after, 1)
        return tuple(a + b for a, b in zip(stem, first, strict=True))

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


def _stage_config(config: CoAtNetConfig, stage: StageSpace, own: Mapping[str, Any]) -> StageConfig:
    heads = own.get("head_size") or config.head_size
    return StageConfig(block=BlockType(stage.type.value), depth=1, width=heads, **own)
