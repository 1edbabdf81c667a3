"""Sections `budget` and `constraints`, and what a match within some distance allows."""

from typing import Any

import pytest

from search_spaces.language.constraints import Limit, Match, Quantity
from search_spaces.language.errors import SpaceError
from search_spaces.language.parse import parse_space

SMALL: dict[str, Any] = {
    "stem": {"width": 8},
    "head_size": 4,
    "stages": [{"depth": [1, 2], "width": [4, 16]}] * 2,
    "layouts": ["C-C", "C-T"],
}


def limits(**sections: Any) -> tuple[Limit, ...]:
    return parse_space({**SMALL, **sections}).limits


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("<=25M", None, 25_000_000), (">= 3M", 3_000_000, None), (["3G", "4.2G"], 3 * 10**9,
         4_200_000_000), ([5, 5], 5, 5),
    ],
)  # fmt: skip
def test_a_budget_is_a_range(written: Any, least: int | None, most: int | None) -> None:
    (found,) = limits(budget={"macs": written})
    path = ("budget", "macs")
    assert found == Limit(quantity=Quantity.MACS, least=least, most=most, path=path)
    for value in {1, least, most} - {None}:
        assert found.allows(value) is ((least or 0) <= value <= (most or value))
    assert least is None or not found.allows(least - 1)
    assert most is None or not found.allows(most + 1)


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({"budget": {"macs": "<4G"}},
         "budget.macs: must be a range such as '<=25M', '>=3M' or [3G, 4.2G], not '<4G'"),
        ({"budget": {"macs": 4}},
         "budget.macs: must be a range such as '<=25M', '>=3M' or [3G, 4.2G], not 4"),
        ({"budget": {"macs": [5, 4]}}, "budget.macs: 5 exceeds 4"),
        ({"budget": {"flops": "<=1G"}},
         ("budget.flops: unknown key; known here: activation_bytes, latency, macs, "
          "parameters, state_bytes")),
        ({"constraints": {"total_dept": "<=3"}},
         "constraints.total_dept: unknown key, did you mean 'total_depth'?"),
        ({"constraints": {"widths_do_not_shrink": 1}},
         "constraints.widths_do_not_shrink: must be true or false, not 1"),
        ({"budget": []}, "budget: must be a mapping of keys, not a list"),
    ],
)  # fmt: skip
def test_refused(sections: dict[str, Any], line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        limits(**sections)
    assert (str(caught.value), caught.value.others) == (line, ())


def test_widths_that_shrink_are_ruled_out_from_the_stem_on() -> None:
    space = parse_space({**SMALL, "constraints": {"widths_do_not_shrink": True}})
    kept = [point for point in space.points() if space.broken_by(point) is None]
    assert {tuple(stage.width for stage in point.stages) for point in kept} == {(16, 16)}
    free = parse_space(SMALL)
    assert all(free.broken_by(point) is None for point in free.points())


@pytest.mark.parametrize("target", [7, 150_000, 4_200_000_001])
@pytest.mark.parametrize("within", [0.05, 0.1, 0.999])
def test_a_match_allows_what_floating_point_calls_within(target: int, within: float) -> None:
    (found,) = Match(macs=target, within=within).limits
    for edge, outside in ((found.least, -1), (found.most, 1)):
        assert edge is not None
        assert abs(edge / target - 1) <= within < abs((edge + outside) / target - 1)
    assert Match(macs=target).limits == ()
