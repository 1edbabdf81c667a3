"""Every sampler that a spec can name keeps the contract."""

import pytest

from nas.ranking.objective import Objective
from nas.search.samplers import choose
from nas.space.part_times import network_time
from nas.spec.choices import Metric, Sampling
from nas.study.records import TrialHistory, TrialStatus
from search_spaces.language.block_times import BlockTimes
from search_spaces.language.space import SearchSpace
from tests.contracts.sampler import SamplerContract, candidates
from tests.nas.builders import TINY, trial


class TestGrid(SamplerContract):
    """See the contract."""

    name = "grid"
    learns = False


class TestRandom(SamplerContract):
    """See the contract."""

    name = "random"
    learns = False


class TestTpe(SamplerContract):
    """See the contract."""

    name = "tpe"


@pytest.mark.slow
class TestGp(SamplerContract):
    """See the contract."""

    name = "gp"
    count, lag, workers = 15, 2, (3,)


class TestNsga2(SamplerContract):
    """See the contract."""

    name = "nsga2"


class TestNsga3(SamplerContract):
    """See the contract."""

    name = "nsga3"


class TestEvolution(SamplerContract):
    """See the contract."""

    name = "evolution"


@pytest.mark.parametrize("name", ["tpe", "nsga2", "nsga3"])
def test_of_several_objectives_each_is_sought(name):
    """Small networks are bad ones here: who seeks both finds smaller ones than who seeks one."""
    contract = SamplerContract()
    contract.name, contract.count = name, 120
    sizes = []
    for objectives in (["accuracy"], ["accuracy", {"minimize": "macs"}]):
        spec = contract.spec(search={"objectives": objectives})
        found = contract.play(spec)
        assert candidates(contract.play(spec, workers=3, killed=0.05)) == candidates(found)
        sizes.append(sum(history.trial.macs for history in found[60:]))
    assert sizes[1] < 0.9 * sizes[0]


def test_all_that_a_spec_can_name_are_here():
    assert {each.name for each in SamplerContract.__subclasses__()} == set(Sampling)


def test_low_latency_is_a_goal_by_the_table_of_the_space():
    names: list[str] = []
    network_time(TINY, lambda part: names.append(part.name) or 0)
    times = BlockTimes(device="x", nanoseconds=dict.fromkeys(names, 7))
    objective = Objective(metric=Metric.ACCURACY, first=1, growing=False)
    goal = choose._goal("-latency", objective, SearchSpace(layouts=(), times=times))
    goal.add([TrialHistory(trial=trial(), status=TrialStatus.FINISHED, epochs=(), attempts=1)])
    assert goal.worths == [pytest.approx(-7e-6 * len(names))]  # milliseconds
