"""What candidates may still take is what their allocation then asks for, and not less."""

import pytest

from nas.search.allocation.allocation import Workload
from nas.search.allocation.cohorts import Cohorts
from nas.search.allocation.planning import Planner
from nas.search.outlook import Cost, Outlook, make_outlook, plus
from nas.search.samplers.sampler import GridSampler
from nas.spec.study import SearchSpec

PLANNER = Planner(epochs=15)


def outlook(cost: Cost, **search) -> Outlook:
    settings = SearchSpec(**search)
    return make_outlook(settings, PLANNER, cost, total=20, adaptive=False)


def test_a_candidate_in_full_takes_all_its_seeds_and_what_follows_them() -> None:
    found = outlook(Cost(epochs=15, tuning=4), seeds=3)
    assert found.least(2) == Workload(trials=12, epochs=2 * 3 * 19)
    alone = found.exploring(Workload(), other=Workload(trials=1, epochs=7), more="")
    assert alone == Workload(trials=7, epochs=3 * 19 + 7)


def test_a_placebo_is_as_dear_as_a_candidate_and_a_brief_one_is_not_followed() -> None:
    assert outlook(Cost(epochs=15), seeds=2, placebo="A").least(1).epochs == 2 * 2 * 15


@pytest.mark.parametrize("kind", ["halving", "i-epoch"])
@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_of_one_stratum_without_controls_it_is_what_cohorts_expect(kind: str, count: int) -> None:
    settings = SearchSpec(seeds=1, allocation={"kind": kind, "controls": 0.0})
    cohort = Cohorts(
        settings.allocation, PLANNER, sampler=GridSampler([]), total=count, size=count, seed=0
    )
    found = make_outlook(settings, PLANNER, Cost(epochs=15), total=count, adaptive=False)
    assert found.least(count) == cohort.workload


def test_asha_leaves_one_training_to_the_end() -> None:
    found = outlook(Cost(epochs=15), seeds=1, allocation={"kind": "asha", "controls": 0.0})
    need = found.exploring(Workload(trials=3, epochs=6), other=Workload(), more="")
    assert need == Workload(trials=4, epochs=6 + 2 + 13)
    assert plus(need, need).epochs == 42
