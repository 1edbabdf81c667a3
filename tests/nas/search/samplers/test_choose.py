"""Every sampler that a spec can name keeps the contract."""

import pytest

from nas.spec.choices import Sampling
from tests.contracts.sampler import SamplerContract, candidates


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
