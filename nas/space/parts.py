"""What each part of a network costs, in the quantities that a space may limit."""

from collections.abc import Callable
from typing import NamedTuple

from coatnet.block_costs import head_cost, mbconv_cost, stem_cost, transformer_cost
from coatnet.config import BlockType, CoAtNetConfig, StageConfig, sides
from coatnet.cost import STATE_BYTES
from coatnet.dimensions import Size, block_options
from coatnet.memory import ITEM_BYTES, Kept, head_kept, mbconv_kept, stem_kept, transformer_kept
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

    def __init__(self, asked: tuple[Quantity, ...]) -> None:
        """Ask for these quantities."""
        self._columns = tuple(list(Quantity).index(quantity) for quantity in asked)
        self._kept = Quantity.ACTIVATION_BYTES in asked

    @property
    def nothing(self) -> Price:
        """The price of no part."""
        return (0,) * len(self._columns)

    def stem(self, config: CoAtNetConfig, size: Size) -> Price:
        """Return the price of the config's stem, which puts out a map of `size`."""
        parameters, macs = stem_cost(config, size)
        return self._price(parameters, macs, stem_kept(config, sides(config.image_size), size))

    def head(self, config: CoAtNetConfig, width: int) -> Price:
        """Return the price of the head on maps of so many channels."""
        parameters, macs = head_cost(config, width)
        return self._price(parameters, macs, head_kept(width))

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
            return self._price(*found, held, blocks=1)

        return price

    def _price(self, parameters: int, macs: int, kept: Kept, *, blocks: int = 0) -> Price:
        held = (kept.entering + kept.inside) * _FLOAT + kept.constant
        every = (parameters, macs, held, STATE_BYTES * parameters, blocks)  # as in `Quantity`
        return tuple([every[column] for column in self._columns])
