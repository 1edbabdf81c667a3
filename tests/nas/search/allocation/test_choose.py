"""The word in the spec chooses the allocation, and a learning sampler smaller cohorts."""

import pytest

from nas.search.allocation.asynchronous import Asha, Pasha
from nas.search.allocation.choose import by_rungs
from nas.search.allocation.cohorts import Cohorts
from nas.search.allocation.planning import Planner
from nas.search.samplers.sampler import GridSampler
from nas.spec.study import SearchSpec


def chosen(allocation: object, *, adaptive: bool = False):
    return by_rungs(
        SearchSpec.model_validate({"allocation": allocation}),
        Planner(epochs=20),
        sampler=GridSampler(()),
        adaptive=adaptive,
        total=40,
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [("halving", Cohorts), ("i-epoch", Cohorts), ("asha", Asha), ("pasha", Pasha)],
)
def test_by_its_word(word, kind):
    assert type(chosen(word)) is kind


@pytest.mark.parametrize(
    ("allocation", "adaptive", "starts"),
    [
        ("halving", False, range(0, 40, 40)),
        ("halving", True, range(0, 40, SearchSpec().lag)),
        ({"kind": "halving", "cohort": 15}, False, range(0, 40, 15)),
        ({"kind": "halving", "cohort": 5}, True, range(0, 40, 5)),
    ],
)
def test_all_are_one_cohort_unless_it_is_said_or_the_sampler_learns(allocation, adaptive, starts):
    assert chosen(allocation, adaptive=adaptive)._starts == starts
