"""Every sampler that a spec can name keeps the contract."""

import pytest

from nas.spec.choices import Sampling
from tests.contracts.sampler import SamplerContract


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


def test_all_that_a_spec_can_name_are_here():
    assert {each.name for each in SamplerContract.__subclasses__()} == set(Sampling)
