"""Which allocation compares candidates at rungs, by its word in the spec."""

from collections.abc import Mapping
from typing import Any

from nas.ranking.costs import PricedGoal, priced_goals, summed_latency
from nas.search.allocation.asynchronous import Asha, Pasha
from nas.search.allocation.cohorts import Cohorts
from nas.search.allocation.ladder import RungAllocation
from nas.search.allocation.planning import Planner
from nas.search.allocation.readings import Readings
from nas.search.samplers.sampler import Sampler
from nas.spec.choices import AllocationKind
from nas.spec.study import SearchSpec
from search_spaces.language.block_times import block_times


def rung_goals(settings: SearchSpec, space: Mapping[str, Any]) -> tuple[PricedGoal, ...]:
    """Return the costs that trials are judged by at a rung, beside what they are read by.

    Those that `search.objectives` name; the baselines are published with one objective and keep it.
    `space` is the spec's section, whose block times latencies are sums of.
    """
    if settings.allocation.kind is not AllocationKind.HALVING:
        return ()
    latency = summed_latency(block_times(space.get("latency"), ("latency",)))
    return priced_goals(settings.objectives, latency=latency)


def by_rungs(
    settings: SearchSpec,
    planner: Planner,
    *,
    sampler: Sampler,
    adaptive: bool = False,
    total: int,
    readings: Readings | None = None,
) -> RungAllocation:
    """Return the allocation by rungs that the spec asks for, of up to `total` candidates.

    `adaptive` says that the sampler learns from results; `readings` may be shared by searches over
    the same trials; by default they know no latency.
    """
    spec = settings.allocation
    readings = readings or Readings(spec.metric, goals=rung_goals(settings, {}))
    if spec.kind in (AllocationKind.ASHA, AllocationKind.PASHA):
        rule = Asha if spec.kind is AllocationKind.ASHA else Pasha
        return rule(
            spec, planner, sampler=sampler, total=total, seed=settings.seed, readings=readings
        )
    size = spec.cohort or (settings.lag if adaptive else total)
    return Cohorts(
        spec,
        planner,
        sampler=sampler,
        total=total,
        size=size,
        seed=settings.seed,
        readings=readings,
    )
