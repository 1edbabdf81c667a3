"""What a space may rule out: orders of stages, shapes and prices. A closed vocabulary, no code."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from search_spaces.language.errors import KeyPath


class StageType(StrEnum):
    """What a stage is made of (paper, Section 2.2)."""

    CONVOLUTION = "C"
    TRANSFORMER = "T"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRules:
    """The paper's two rules for stacking (Section 2.2); a space can lift each of them."""

    allow_transformer_before_convolution: bool = False
    allow_transformer_first: bool = False

    def broken_by(self, types: Sequence[StageType]) -> str | None:
        """Return the rule that this order of stages breaks, or None."""
        if types[0] is StageType.TRANSFORMER and not self.allow_transformer_first:
            return (
                "S1 must be C: its map is too large for global attention (paper, Section 2.2); "
                "'allow_transformer_first: true' lifts this rule"
            )
        lifted = self.allow_transformer_before_convolution
        if list(types) != sorted(types) and not lifted:  # "C" sorts before "T"
            return (
                "convolution stages must precede transformer stages (paper, Section 2.2); "
                "'allow_transformer_before_convolution: true' lifts this rule"
            )
        return None


class Quantity(StrEnum):
    """A price of a network that a space can limit; what it is exactly, `coatnet.cost` says."""

    PARAMETERS = "parameters"
    MACS = "macs"  # multiply-adds of one forward pass of one image
    ACTIVATION_BYTES = "activation_bytes"  # kept of one image for the backward pass, in float32
    STATE_BYTES = "state_bytes"  # weights, gradients and AdamW's moments: 16 a parameter
    TOTAL_DEPTH = "total_depth"  # blocks of all stages, without the stem's convolutions
    LATENCY = "latency"  # of one image, nanoseconds: a sum of measured block times

    @property
    def words(self) -> str:
        """The quantity in messages."""
        if self is Quantity.LATENCY:
            return "ns of latency"
        return "MACs" if self is Quantity.MACS else self.value.replace("_", " ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """The least and the most that a quantity may be; at least one of them is given."""

    quantity: Quantity
    least: int | None = None
    most: int | None = None
    path: KeyPath = ()  # where the space says so

    def __post_init__(self) -> None:
        """Refuse a limit that nothing can meet."""
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"{self.least:,} exceeds {self.most:,}")

    def allows(self, value: int) -> bool:
        """Tell whether the quantity may be so much."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    @property
    def range(self) -> str:
        """The limit in words: ``from 3,000,000 to 25,000,000``."""
        if self.least is None:
            return f"at most {self.most:,}"
        if self.most is None:
            return f"at least {self.least:,}"
        return f"from {self.least:,} to {self.most:,}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Sizes that every candidate must have: layouts of unequal size cannot be compared.

    With `within`, all points of the space that come so near are candidates. Without, the one
    point of each layout is that comes nearest. Only declared here: `nas.space.candidate` knows what
    a network costs.
    """

    parameters: int | None = None
    macs: int | None = None  # multiply-adds of one forward pass of one image
    within: float | None = None  # the largest relative difference

    def __post_init__(self) -> None:
        """Refuse a match that can never hold or always does."""
        if self.parameters is None and self.macs is None:
            raise ValueError("needs 'parameters' or 'macs'")
        if self.within is not None and not 0.0 < self.within < 1.0:
            raise ValueError(f"within must be more than 0 and less than 1, not {self.within}")

    @property
    def limits(self) -> "tuple[Limit, ...]":
        """What a match within some distance allows; without `within` nothing is ruled out."""
        targets = {Quantity.PARAMETERS: self.parameters, Quantity.MACS: self.macs}
        return tuple(
            Limit(
                quantity=quantity,
                least=_edge(target, self.within, up=False),
                most=_edge(target, self.within, up=True),
                path=("match", quantity.value),
            )
            for quantity, target in targets.items()
            if target is not None and self.within is not None
        )


def _edge(target: int, within: float, *, up: bool) -> int:
    """Return the last whole number that is within, as floating point compares them."""
    step = 1 if up else -1
    found = int(target * (1 + step * within)) + 2 * step
    while abs(found / target - 1) > within:
        found -= step
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """What a point must keep to beside the order of its stages."""

    limits: tuple[Limit, ...] = ()
    widths_do_not_shrink: bool = False  # from the stem on, each stage is at least as wide
    widths_path: KeyPath = ()
