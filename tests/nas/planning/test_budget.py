"""A plan does not promise more than a budget pays, and says how far it reaches."""

import pytest

from nas.errors import SpecError
from nas.planning.budget import budget_notes, shared, within
from nas.planning.seconds import Estimate
from nas.spec.budget import BudgetSpec
from tests.nas.planning.test_bill import planned

FOUR = 'space.stages=[{"depth": 1, "width": 4, "stride": 1}, {"depth": [1, 2, 3, 4], "width": 8}]'


def test_it_says_how_many_candidates_the_budget_pays() -> None:
    plan = planned(FOUR, "search.seeds=1", "search.budget.epochs=14")
    assert plan.candidates == 8
    assert (plan.epochs.estimate, plan.trials.estimate) == (12, 4)
    assert plan.notes[-1] == "the budget of 14 epochs binds: about 4 of 8 candidates"


def test_hours_are_those_that_were_measured() -> None:
    free = planned(FOUR, "search.seeds=1")
    half = free.device_hours.estimate / 2
    plan = planned(FOUR, "search.seeds=1", f"search.budget.device_hours={half}")
    assert plan.device_hours.high <= half
    assert 2 <= plan.trials.estimate < 8
    assert "candidates" in plan.notes[-1]


def test_hours_that_cannot_confirm_are_a_warning() -> None:
    confirm = "search.confirm={candidates: 2, seeds: 3}"
    plan = planned("search.seeds=1", confirm, "search.budget.wall_hours=0.001")
    assert any(
        note.startswith("search.budget.wall_hours 0.001 is too little") for note in plan.notes
    )
    with pytest.raises(SpecError, match=r"search\.budget\.epochs: 20 is too few"):
        planned("search.seeds=1", confirm, "search.budget.epochs=20")


def test_a_smaller_study_has_a_smaller_budget() -> None:
    found = shared(BudgetSpec(trials=100, wall_hours=3.0), 4.0)
    assert (found.trials, found.wall_hours, found.epochs) == (25, 0.75, None)
    assert within(Estimate(estimate=5.0, low=1.0, high=9.0), 4.0).high == 4.0
    assert budget_notes(found, binds=False, begun=1, of=2, sure_hours={}) == ()
