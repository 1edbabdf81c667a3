"""What a candidate costs, beside what it achieves: counted from its description, or measured.

A new cost is a word in `nas.spec.choices.Price` and a row of `COSTS`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import cast

from coatnet.config import CoAtNetConfig
from coatnet.cost import Cost, cost
from nas.networks.registry import family_of
from nas.space.part_times import looked_up, network_time
from nas.spec.choices import Price
from nas.study.records import Trial, TrialHistory
from search_spaces.language.block_times import BlockTimes

LatencyOf = Callable[[TrialHistory], float | None]  # milliseconds an image; None: not known


@dataclass(frozen=True, kw_only=True, slots=True)
class CostRule:
    """How one cost is read off a trial."""

    words: str  # as a title
    read: Callable[[TrialHistory], float | None]  # None: not known of such a network
    exact: bool = True  # counted from the description; else measured, with noise of its own
    axis: str = ""  # of a figure, with its unit; by default the words


def _ours(history: TrialHistory) -> CoAtNetConfig | None:
    """Return the network as one of ours, None of another family's."""
    config = history.trial.config
    return cast("CoAtNetConfig", config) if family_of(config).searched else None


def unknown(_: TrialHistory) -> None:
    """Know of no latency: there is no table of block times, and nothing was measured."""


def summed_latency(times: BlockTimes | None) -> LatencyOf:
    """Return what adds up the block times of a space's networks."""
    if times is None:
        return unknown
    time = looked_up(times)

    def read(history: TrialHistory) -> float | None:
        ours = _ours(history)
        return None if ours is None else network_time(ours, time) / 1e6

    return read


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedGoal:
    """A cost that a study is to make small, or large."""

    price: Price
    sign: int  # -1: small
    latency: LatencyOf = unknown  # where the price is that

    def worth(self, history: TrialHistory) -> float:
        """Return what a trial is worth by it, larger is better; not known is the worst."""
        found = _rule(self.price, self.latency)(history)
        return -math.inf if found is None else float(self.sign * found)


def priced_goals(
    objectives: Sequence[str], *, latency: LatencyOf = unknown
) -> tuple[PricedGoal, ...]:
    """Return those of `search.objectives` that are costs, in their order: -macs is to be small."""
    return tuple(
        PricedGoal(price=Price(name), sign=1 if name == word else -1, latency=latency)
        for word in objectives
        if (name := word.removeprefix("-")) in set(Price)
    )


def costs_of(
    runs: Sequence[TrialHistory], prices: Sequence[Price], *, latency: LatencyOf = unknown
) -> dict[Price, float | None]:
    """Return what a candidate costs, of each price the mean over its runs that know it."""
    found: dict[Price, float | None] = {}
    for price in prices:
        read = _rule(price, latency)
        known = [value for run in runs if (value := read(run)) is not None]
        found[price] = fmean(known) if known else None
    return found


def _rule(price: Price, latency: LatencyOf) -> LatencyOf:
    return latency if price is Price.LATENCY else COSTS[price].read


@lru_cache(maxsize=16_384)  # every seed of a candidate asks
def _counted(config: CoAtNetConfig) -> Cost:
    return cost(config)


def _of_ours(count: Callable[[Cost], int]) -> Callable[[TrialHistory], float | None]:
    """Return a rule that counts our networks; of another family's it knows nothing."""

    def read(history: TrialHistory) -> float | None:
        ours = _ours(history)
        return None if ours is None else count(_counted(ours))

    return read


def _of_any(read: Callable[[Trial], int]) -> Callable[[TrialHistory], float | None]:
    return lambda history: read(history.trial)


COSTS: Mapping[Price, CostRule] = {
    Price.PARAMETERS: CostRule(words="parameters", read=_of_any(lambda trial: trial.parameters)),
    Price.MACS: CostRule(words="MACs", read=_of_any(lambda trial: trial.macs)),
    Price.TRAINING_MACS: CostRule(
        words="training MACs", read=_of_ours(lambda counted: counted.training_macs())
    ),
    Price.ACTIVATION_MEMORY: CostRule(
        words="activation memory",
        read=_of_ours(lambda counted: counted.activation_bytes()),
        axis="activation memory, bytes",
    ),
    Price.LATENCY: CostRule(words="latency", read=unknown, exact=False, axis="latency, ms"),
}
