"""What a study may spend in all: docs/search.md, "One budget". `space.budget` is about networks."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator

from nas.spec.recipe import Count, Positive, Section

SPENT = "budget"  # begins the reason why the search stopped a trial that nothing else stopped


class BudgetSpec(Section):
    """The most that a study may take, in all its parts; whichever is reached first ends it."""

    trials: Count | None = None  # fine-tunings count
    epochs: Count | None = None  # of all trials
    device_hours: Positive | None = None  # of a GPU, or of a CPU core where a trial takes none
    wall_hours: Positive | None = None  # in which anything was trained

    def limits(self) -> Iterator[tuple[str, float]]:
        """Yield the key and the value of each limit that is set."""
        for key in type(self).model_fields:
            value = getattr(self, key)
            if value is not None:
                yield key, value

    @property
    def words(self) -> str:
        """The limits as one says them: ``300 epochs, 2 device hours``."""
        return ", ".join(f"{value:,} {key.replace('_', ' ')}" for key, value in self.limits())


def budget_key(key: str) -> str:
    """Return the limit's key as it stands in a spec."""
    return f"search.budget.{key}"


def raised(before: BudgetSpec, after: BudgetSpec) -> bool:
    """Tell whether `after` allows anything that `before` did not."""
    return any(
        getattr(after, key) is None or getattr(after, key) > value for key, value in before.limits()
    )


def _limits(value: object) -> object:
    return {} if value is None else value


Budgeted = Annotated[BudgetSpec, BeforeValidator(_limits)]
