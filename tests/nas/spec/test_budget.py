"""A budget as it is written: any of four limits, and what is more than what."""

import pytest

from nas.errors import SpecError
from nas.spec.budget import BudgetSpec, raised
from nas.spec.file import load_spec
from tests.nas.conftest import SMALL


def test_any_limit_may_be_set_and_none_is() -> None:
    assert list(load_spec(str(SMALL)).search.budget.limits()) == []
    spec = load_spec(str(SMALL), ["search.budget={epochs: 3000, wall_hours: 1.5}"])
    assert list(spec.search.budget.limits()) == [("epochs", 3000), ("wall_hours", 1.5)]
    assert spec.search.budget.words == "3,000 epochs, 1.5 wall hours"
    assert load_spec(str(SMALL), ["search.budget=null"]).search.budget == BudgetSpec()


@pytest.mark.parametrize("wrong", ["epochs=0", "wall_hours=0", "trials=1.5", "parameters=25M"])
def test_what_is_no_limit_is_refused_by_its_key(wrong: str) -> None:
    with pytest.raises(SpecError, match=rf"search\.budget\.{wrong.partition('=')[0]}: "):
        load_spec(str(SMALL), [f"search.budget.{wrong}"])


def test_more_of_anything_is_more() -> None:
    ten = BudgetSpec(epochs=10, trials=3)
    assert not raised(ten, BudgetSpec(epochs=9, trials=3, wall_hours=1.0))
    assert raised(ten, BudgetSpec(epochs=9, trials=4))
    assert raised(ten, BudgetSpec(trials=3))
    assert not raised(BudgetSpec(), ten)
