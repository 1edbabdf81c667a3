"""What a space may rule out: orders of stages the paper rejects, and sizes that do not match."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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
