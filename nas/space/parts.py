"""What each part of a network costs, in the quantities that a space may limit."""

from typing import NamedTuple

from coatnet.block_costs import head_cost, mbconv_cost, stem_cost, transformer_cost

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, sides
from coatnet.cost import STATE_BYTES
from coatnet.dimensions import Size, block_options
from coatnet.memory import ITEM_BYTES, Kept, head_kept, mbconv_kept, stem_kept, transformer_kept
from search_spaces.language.constraints import Quantity

Price = tuple[int, ...]  # by quantity, in the order asked for
_FLOAT = ITEM_BYTES["float32"]


class State(NamedTuple):
    """What one part of a network hands to the next."""

    width: int  # channels; of a patch stem 0, since its patches are as wide as the stage after it
    size: Size  # height and width of the map, in cells


def halved(size: Size, stride: int) -> Size:
    """Return the map after a stride: it divides and rounds up."""
    return -(-size[0] // stride), -(-size[1] // stride)


def stem_price(config: CoAtNetConfig, size: Size, asked: tuple[Quantity, ...]) -> Price:
    """Return the price of the config's stem, which puts out a map of `size`."""
    parameters, macs = stem_cost(config, size)
    return _price(parameters, macs, stem_kept(config, sides(config.image_size), size), asked)


def head_price(config: CoAtNetConfig, width: int, asked: tuple[Quantity, ...]) -> Price:
    """Return the price of the head on maps of so many channels."""
    parameters, macs = head_cost(config, width)
    return _price(parameters, macs, head_kept(width), asked)


def block_price(
    config: CoAtNetConfig,
    stage: StageConfig,
    before: State,
    after: State,
    *,
    stride: int,
    asked: tuple[Quantity, ...],
) -> Price:
    """Return the price of one block of the stage's type and options, between these maps."""
    options = block_options(config, stage)
    widths = before.width, after.width
    if stage.block is BlockType.CONVOLUTION:
        cost = mbconv_cost(config, options, *widths, before.size, after.size)
        kept = mbconv_kept(config, options, *widths, stride, before.size, after.size)
    else:
        cost = transformer_cost(config, options, *widths, after.size, after.size)
        kept = transformer_kept(config, options, *widths, stride, before.size, after.size)
    return _price(*cost, kept, asked, blocks=1)


def _price(
    parameters: int, macs: int, kept: Kept, asked: tuple[Quantity, ...], *, blocks: int = 0
) -> Price:
    found = {
        Quantity.PARAMETERS: parameters,
        Quantity.MACS: macs,
        Quantity.ACTIVATION_BYTES: (kept.entering + kept.inside) * _FLOAT + kept.constant,
        Quantity.STATE_BYTES: STATE_BYTES * parameters,
        Quantity.TOTAL_DEPTH: blocks,
    }
    return tuple(found[quantity] for quantity in asked)
