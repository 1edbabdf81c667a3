"""Rungs: the epochs at which trials are compared, among whom, and who is a control."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nas.networks.registry import family_of
from nas.search.allocation.allocation import Allocation
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind, Strata
from nas.study.records import Trial, TrialHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class RungDecision:
    """What was decided of the trials that came to a rung together."""

    epoch: int
    reached: tuple[str, ...]  # ids of those that were compared; lost ones are not
    promoted: frozenset[str]
    behind: dict[str, str] = field(default_factory=dict)  # why each other one was not, by id
    pooled: bool = True  # whether all were compared together, strata or none


class RungAllocation(Allocation, Protocol):
    """An allocation that compares trials before their last epoch."""

    @property
    def controls(self) -> frozenset[int]:
        """Numbers of the candidates that are trained to the end whatever a rung says."""
        ...

    def decisions(self, histories: Sequence[TrialHistory]) -> tuple[RungDecision, ...]:
        """Return what was decided so far, the lower rungs first."""
        ...


def rung_epochs(spec: AllocationSpec, epochs: int) -> tuple[int, ...]:
    """Return the epochs of the rungs, in order, all of them before the last of `epochs`.

    first, first x reduction, first x reduction^2, ... (Jamieson and Talwalkar 2016); a constant
    number of epochs has one rung.
    """
    if spec.kind is AllocationKind.I_EPOCH:
        return (spec.first,)
    found, epoch = [], spec.first
    while epoch < epochs:
        found.append(epoch)
        epoch *= spec.reduction
    return tuple(found)


def after(rungs: Sequence[int], epoch: int, *, last: int) -> int:
    """Return where a trial goes from the rung at `epoch`: to the next one, or its `last` epoch."""
    return next((rung for rung in rungs if rung > epoch), last)


def stratum(trial: Trial | Candidate, strata: Strata) -> str:
    """Return the name of those among whom the trial has to be good.

    A family counts the stages that convolve: attention fills the others, of four as of ViT_REL's
    one. A network of another family is one by itself.
    """
    if strata is Strata.NONE:
        return ""
    family = family_of(trial.config)
    if strata is Strata.LAYOUT or not family.searched:
        return trial.layout
    count = family.describe(trial.config).types.split("-").count("C")
    return f"{count} convolution stage{'s'[: count != 1]}"


def drawn_controls(total: int, *, share: float, seed: int) -> frozenset[int]:
    """Return which of the candidates 1 to `total` are controls.

    A share of them, rounded up, drawn by number before anything runs: whoever is turned down at a
    rung is a control with the same probability, and no result has a say in who.
    """
    count = math.ceil(share * total - 1e-9)
    drawn = sorted(range(1, total + 1), key=lambda number: derive_seed(seed, "control", number))
    return frozenset(drawn[:count])
