"""The sizes that size matching chooses from, and those it takes where nobody gives any."""

from dataclasses import dataclass, replace
from math import lcm, prod

from coatnet.config import BlockType, CoAtNetConfig, StemType
from coatnet.cost import cost
from coatnet.dimensions import block_options

Growth = tuple[float, float]  # the least and the largest ratio of a width to the one before it

DOUBLING = (2.0, 2.0)  # "doubled from S1 to S4" (paper, Section 4.1)
NEAR_DOUBLING = (1.5, 2.5)  # what CoAtNet-5 and -7 have (Tables 11 and 12)
STEM_GROWTH = (1.0, 1.5)  # S1 over S0: all of CoAtNet-0 to -7
_SMALL_UNIT = 4  # about a sixteenth of CoAtNet-0


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeGrid:
    """Depths and widths of each stage, in any combination whose widths grow as allowed.

    S1's width over the stem's must be within `stem_growth`, each further stage's width over the
    one before within `growth`; None allows all. Transformer stages take those of their widths
    that can be split into heads. A patch stem (ViT_REL) is as wide as its first stage.
    """

    depths: tuple[tuple[int, ...], ...]
    widths: tuple[tuple[int, ...], ...]
    stem_widths: tuple[int, ...] = ()  # (): the one the network has
    growth: Growth | None = None
    stem_growth: Growth | None = None

    def __post_init__(self) -> None:
        """Refuse a grid without a point."""
        if not self.depths or len(self.depths) != len(self.widths):
            raise ValueError(
                "a grid lists depths and widths of every stage, not depths of "
                f"{len(self.depths)} and widths of {len(self.widths)}"
            )
        for name in ("depths", "widths"):
            for number, values in enumerate(getattr(self, name), start=1):
                if not values or min(values) < 1:
                    raise ValueError(
                        f"a grid's {name} of S{number} must be numbers of at least 1, "
                        f"not {list(values)}"
                    )

    @property
    def points(self) -> int:
        """How many networks there are, before any is ruled out by its growth or heads."""
        return prod(len(set(values)) for values in (*self.depths, *self.widths)) * max(
            1, len(set(self.stem_widths))
        )


def default_grid(
    config: CoAtNetConfig, *, parameters: int | None = None, macs: int | None = None
) -> SizeGrid:
    """Return sizes near these targets, after the rules of the family (paper, Section 4.1).

    |                   | two targets                      | one target         | the paper       |
    |-------------------|----------------------------------|--------------------|-----------------|
    | depth of S1, S4   | 2, 3                             | 2                  | 2               |
    | depth of S2       | 2 to 6                           | same               | 3 to 6 (12)     |
    | depth of S3       | 2 to 14                          | same               | 5 to 14 (28)    |
    | widths            | 1.5 to 2.5 times the one before  | doubled            | 1.5 to 2.5      |
    | S1 over the stem  | 1 to 1.5                         | same               | 1 to 1.5        |
    | width a multiple  | of u, 2u, 2u, 4u, 4, and of head_size where transformers are       |

    The paper's depths are CoAtNet-0 to -3's, in brackets CoAtNet-4 and -5's. u is a power of two,
    the largest for which a network of CoAtNet-0's shape (u = 16) exceeds no target. Layouts of
    other than four stages have S1, as many like S2 as needed, S3 and S4; those of more have fewer
    values to choose from. ViT_REL has 6 to 32 blocks. Where u is less than 4, depths begin at 1,
    as in the family's small members.
    """
    unit = 1
    while unit < 1024 and _fits(config, 2 * unit, parameters, macs):
        unit *= 2
    if config.stem.type is StemType.PATCH:
        widths = _multiples(lcm(2 * unit, _head_size(config, 0)), 8 * unit, 96 * unit)
        return SizeGrid(depths=(tuple(range(6, 33)),), widths=(widths,))
    free = parameters is not None and macs is not None
    kinds = _kinds(len(config.stages))
    least = 1 if unit < _SMALL_UNIT else 2
    ends = tuple(range(least, 4 if free else 3))
    second, third = tuple(range(least, 7)), tuple(range(least, 15))
    if len(kinds) > 4:
        ends, second, third = (2,), (2, 4) if len(kinds) > 5 else (2, 4, 6), third[::2]
    depths = {1: ends, 2: second, 3: third, 4: ends}
    return SizeGrid(
        depths=tuple(depths[kind] for kind in kinds),
        widths=tuple(_widths(config, stage, unit) for stage in range(len(kinds))),
        stem_widths=tuple(factor * unit for factor in (4, 6, 8, 12)),
        growth=NEAR_DOUBLING if free else DOUBLING,
        stem_growth=STEM_GROWTH,
    )


def _fits(config: CoAtNetConfig, unit: int, parameters: int | None, macs: int | None) -> bool:
    """Say whether a network with CoAtNet-0's depths and 6u, 12u, ... wide exceeds no target."""
    kinds = _kinds(len(config.stages))
    heads = [_head_size(config, index) for index in range(len(kinds))]
    depths = {1: 2, 2: 3, 3: 5, 4: 2}
    if config.stem.type is StemType.PATCH:  # CoAtNet-0's S3, as deep as has its parameters
        depths, first = {3: 12}, 24
    else:
        first = 6
    stages = tuple(
        replace(stage, depth=depths[kind], width=-(-(first * unit << index) // head) * head)
        for index, (stage, kind, head) in enumerate(zip(config.stages, kinds, heads, strict=True))
    )
    stem = replace(config.stem, width=stages[0].width)
    price = cost(replace(config, stem=stem, stages=stages))
    return (parameters is None or price.parameters <= parameters) and (
        macs is None or price.macs <= macs
    )


def _kinds(count: int) -> tuple[int, ...]:
    """Return which of S1 to S4 each stage is like; one stage (ViT_REL) is like S3."""
    if count < 4:
        return ((3,), (1, 3), (1, 3, 4))[count - 1]
    return 1, *(2,) * (count - 3), 3, 4


def _widths(config: CoAtNetConfig, stage: int, unit: int) -> tuple[int, ...]:
    step = lcm(unit * (1, 2, 2, 4)[min(stage, 3)], 4)
    if len(config.stages) > 4:
        step = lcm(step, unit << stage)
    if config.stages[stage].block is BlockType.TRANSFORMER:
        step = lcm(step, _head_size(config, stage))
    return _multiples(step, 3 * unit << stage, 16 * unit << stage)


def _head_size(config: CoAtNetConfig, stage: int) -> int:
    return block_options(config, config.stages[stage]).head_size


def _multiples(step: int, least: int, most: int) -> tuple[int, ...]:
    """Return the multiples of `step` from `least` to `most`; at least the next one."""
    first = -(-least // step) * step
    return tuple(range(first, max(most, first) + 1, step))
