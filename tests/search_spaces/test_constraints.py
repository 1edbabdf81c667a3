"""The paper's order of stages, and the sizes a space asks for."""

from itertools import product

import pytest

from search_spaces.language.constraints import Match, OrderRules, StageType


def allowed(rules: OrderRules) -> set[str]:
    orders = product(StageType, repeat=4)
    return {"-".join(types) for types in orders if rules.broken_by(types) is None}


def test_by_default_the_four_layouts_of_the_paper_are_left() -> None:
    assert allowed(OrderRules()) == {"C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T"}


def test_each_rule_can_be_lifted_alone() -> None:
    first = allowed(OrderRules(allow_transformer_first=True))
    assert first == {"C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "T-T-T-T"}
    mixed = allowed(OrderRules(allow_transformer_before_convolution=True))
    assert len(mixed) == 8
    assert all(layout.startswith("C") for layout in mixed)
    both = OrderRules(allow_transformer_first=True, allow_transformer_before_convolution=True)
    assert len(allowed(both)) == 16


@pytest.mark.parametrize("within", [0.0, 1.0, -0.1])
def test_match_is_bounded(within: float) -> None:
    with pytest.raises(ValueError, match="within must be more than 0 and less than 1"):
        Match(parameters=1, within=within)


def test_match_names_a_size() -> None:
    with pytest.raises(ValueError, match="needs 'parameters' or 'macs'"):
        Match()
