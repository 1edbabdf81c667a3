"""What the claims of a study rest on, declared before the results that they are about."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """What claims rest on: looks and level as declared before the results they are about.

    An extension declares anew, at half the level of the answer before it (docs/ranking.md, "Adding
    seeds afterwards").
    """

    first: int  # paired seeds at the first look
    last: int  # ... and at the last
    alpha: float  # of the answer that these looks give
    first_round: int  # l* is read off so many seeds of each layout, whatever is added
    growing: bool = False  # whether seeds were to follow the first round: l* leaves them room
    spent: float = 0.0  # alpha of the earlier answers, in sum

    @property
    def together(self) -> float:
        """The level of this answer and all earlier ones, taken as one."""
        return self.spent + self.alpha
