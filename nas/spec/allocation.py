"""How a search shares out its epochs: which trials are compared when, and how many go on."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from nas.spec.choices import AllocationKind, RungMetric, Strata
from nas.spec.recipe import Count, Fraction, Rate, Section

_RUNGS = frozenset({"first", "controls", "metric"})
_USED = {  # which keys a kind reads
    AllocationKind.FULL: frozenset(),
    AllocationKind.HALVING: _RUNGS | {"reduction", "strata", "agree", "cohort", "keep"},
    AllocationKind.ASHA: _RUNGS | {"reduction"},
    AllocationKind.PASHA: _RUNGS | {"reduction"},
    AllocationKind.I_EPOCH: _RUNGS | {"keep"},
}


class AllocationSpec(Section):
    """Rungs: after some epochs trials are compared, and only the better ones go on.

    docs/search.md, "How a search saves epochs". A bare word is the kind.
    """

    kind: AllocationKind = Field(default=AllocationKind.FULL, strict=False)
    first: Count = 2  # epochs at which the first rung lies
    reduction: Annotated[int, Field(ge=2, le=1000)] = 3  # one in so many goes on
    strata: Strata = Field(default=Strata.FAMILY, strict=False)
    controls: Rate = 0.05  # share of candidates that are trained to the end whatever a rung says
    metric: RungMetric = Field(default=RungMetric.LAST, strict=False)
    agree: Fraction = 0.9  # tau-b of a rung with the end from which on strata are given up
    cohort: Count | None = None  # compared together; null: all, or search.lag if it learns
    keep: Count | None = None  # that go on at least, of a stratum; null: 1, of i-epoch 3 of all

    @model_validator(mode="after")
    def _used(self) -> "AllocationSpec":
        fields = type(self).model_fields
        for key in fields.keys() - _USED[self.kind] - {"kind"}:
            if getattr(self, key) != fields[key].default:
                raise ValueError(f"{key} is not used by kind '{self.kind}': remove it")
        return self

    @property
    def by_rungs(self) -> bool:
        """Whether trials are compared before their last epoch."""
        return self.kind is not AllocationKind.FULL

    @property
    def kept(self) -> int:
        """How many go on at least: of i-epoch of all, and no more."""
        return self.keep or (3 if self.kind is AllocationKind.I_EPOCH else 1)

    def check_epochs(self, epochs: int) -> None:
        """Refuse a first rung that is not before the last of `epochs`.

        Raises:
            ValueError: it is not.
        """
        if self.by_rungs and self.first >= epochs:
            raise ValueError(
                f"search.allocation.first {self.first} must be less than training.epochs {epochs}"
            )


def _kind(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


Allocated = Annotated[AllocationSpec, BeforeValidator(_kind)]


def with_one_seed(search: object) -> object:
    """Return a section `search` as written, with one seed where rungs are asked for and no seeds.

    Candidates climb rungs with one seed each, so that is the default there.
    """
    if not isinstance(search, Mapping) or "seeds" in search:
        return search
    asked = search.get("allocation")
    if isinstance(asked, AllocationSpec):
        kind: object = asked.kind
    else:
        kind = asked.get("kind") if isinstance(asked, Mapping) else asked
    return search if kind in (None, AllocationKind.FULL) else {**search, "seeds": 1}


def check_first_round(
    allocation: AllocationSpec, *, lag: int | None, seeds: int, placebo: bool
) -> None:
    """Refuse what does not go together with rungs.

    `lag` is that of a sampler that learns: what it proposes rests on candidates so many places
    before, which have to have ended, so that a cohort is no larger.

    Raises:
        ValueError: something does not; one line.
    """
    kind = allocation.kind
    if not allocation.by_rungs:
        return
    if seeds > 1:
        raise ValueError(
            f"allocation '{kind}' compares candidates by one seed each: set seeds to 1 and leave "
            "out max_seeds; a study of the best of them, with more seeds, ranks these"
        )
    if placebo:
        raise ValueError(
            f"allocation '{kind}' trains few candidates to the end, and a placebo compares two "
            "whole trainings: leave it out, or choose allocation 'full'"
        )
    if lag is not None and kind is not AllocationKind.HALVING:
        raise ValueError(
            f"allocation '{kind}' leaves trials open until the search ends, so a sampler that "
            "learns has nothing to learn from: choose sampler 'random' or allocation 'halving'"
        )
    if lag is not None and (allocation.cohort or 0) > lag:
        raise ValueError(
            f"allocation.cohort {allocation.cohort} is more than the {lag} candidates that the "
            "sampler can propose before any of them has ended: raise search.lag, or lower it"
        )
