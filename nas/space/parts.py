"""What each part of a network costs, in the quantities that a space may limit."""

from collections.abc import Callable
from typing import NamedTuple

from coatnet.block_costs import head_cost, mbconv_cost, stem_cost, transformer_cost
from coatnet.config import BlockType, CoAtNetConfig, StageConfig, sides
from coatnet.cost import STATE_BYTES
from coatnet.dimensions import Size, block_options
from coatnet.memory import ITEM_BYTES, Kept, head_kept, mbconv_kept, stem_kept, transformer_kept
from nas.space.part_times import PartTime, block_part, head_part, looked_up, stem_part
from search_spaces.language.constraints import Quantity

Price = tuple[int, ...]  # by quantity, in the order asked for
_FLOAT = ITEM_BYTES["float32"]
_NOTHING = Kept(0, 0, 0)


class State(NamedTuple):
    """What one part of a network hands to the next."""

    width: int  # channels; of a patch stem 0, since its patches are as wide as the stage after it
    size: Size  # height and width of the map, in cells


def halved(size: Size, stride: int) -> Size:
    """Return the map after a stride: it divides and rounds up."""
    return -(-size[0] // stride), -(-size[1] // stride)


class Prices:
    """Prices parts of networks; of a space there may be a hundred thousand."""

    def __init__(self, asked: tuple[Quantity, ...], time: PartTime | None = None) -> None:
        """Ask for these quantities; `time` says what parts take where latency is among them."""
        self._columns = tuple(list(Quantity).index(quantity) for quantity in asked)
        self._kept = Quantity.ACTIVATION_BYTES in asked
        timed = Quantity.LATENCY in asked
        self._time = (time or looked_up(None)) if timed else None

    @property
    def nothing(self) -> Price:
        """The price of no part."""
        return (0,) * len(self._columns)

    def stem(self, config: CoAtNetConfig, size: Size) -> Price:
        """Return the price of the config's stem, which puts out a map of `size`."""
        parameters, macs = stem_cost(config, size)
        kept = stem_kept(config, sides(config.image_size), size)
        time = self._time(stem_part(config)) if self._time else 0
        return self._price(parameters, macs, kept, time=time)

    def head(self, config: CoAtNetConfig, state: State) -> Price:
        """Return the price of the head on such a map."""
        parameters, macs = head_cost(config, state.width)
        time = self._time(head_part(config, *state)) if self._time else 0
        return self._price(parameters, macs, head_kept(state.width), time=time)

    def block(
        self, config: CoAtNetConfig, stage: StageConfig
    ) -> Callable[[State, State, int], Price]:
        """Return what prices a block of the stage's type and options, by what it takes in.

        It takes the state before, the state after, and the stride.
        """
        options = block_options(config, stage)
        convolves = stage.block is BlockType.CONVOLUTION
        kept = (mbconv_kept if convolves else transformer_kept) if self._kept else None

        def price(before: State, after: State, stride: int) -> Price:
            (in_width, in_size), (width, size) = before, after
            if convolves:
                found = mbconv_cost(config, options, in_width, width, in_size, size)
            else:
                found = transformer_cost(config, options, in_width, width, size, size)
            held = _NOTHING
            if kept is not None:
                held = kept(config, options, in_width, width, stride, in_size, size)
            time = 0
            if self._time is not None:
                widths = (in_width, width)
                part = block_part(
                    config, stage, widths=widths, in_size=in_size, size=size, stride=stride
                )
                time = self._time(part)
            return self._price(*found, held, blocks=1, time=time)

        return price

    def _price(
        self, parameters: int, macs: int, kept: Kept, *, blocks: int = 0, time: int = 0
    ) -> Price:
        held = (kept.entering + kept.inside) * _FLOAT + kept.constant
        every = (parameters, macs, held, STATE_BYTES * parameters, blocks, time)  # as in `Quantity`
        return tuple([every[column] for column in self._columns])
