"""The second part of a search: the best of what was explored, trained anew and ranked."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nas.spec.recipe import Section, Seeds

Shortlist = Annotated[int, Field(ge=2, le=32)]


class ConfirmSpec(Section):
    """Which candidates are confirmed, with how many paired seeds (docs/search.md, "Confirm").

    The seeds are others than those of the exploration: what a candidate was chosen by says nothing
    of it afterwards.
    """

    candidates: Shortlist = 5  # the best by what their first trials reached
    among: Literal["all", "layouts"] = (
        "all"  # the best of all, or so many of the best layouts' best
    )
    seeds: Seeds = 6
    max_seeds: Seeds | None = None  # null: `seeds`, and no more

    @model_validator(mode="after")
    def _bounded(self) -> "ConfirmSpec":
        if self.max_seeds is not None and self.max_seeds < self.seeds:
            raise ValueError(f"max_seeds {self.max_seeds} is less than seeds {self.seeds}")
        return self

    @property
    def most_seeds(self) -> int:
        """The most seeds that a candidate can be given."""
        return self.max_seeds or self.seeds
