"""Plain values become numbers and domains, or one sentence with the rule and the value."""

from typing import Any

import pytest

from search_spaces.language.choices import domain
from search_spaces.language.domains import Choice, Fixed, Range
from search_spaces.language.errors import SpaceError
from search_spaces.language.values import Bounds, flag, number, section, size, whole

NO_DOMAIN = (
    "d: must be a whole number, a list of choices or a range {from: 1, to: 4, step: 1}, not "
)
TOO_LONG = "d: a range holds at most 10000 values, not 20000: use a larger step"
BOUNDS = Bounds(least=1, most=20_000)


@pytest.mark.parametrize(
    ("written", "value"),
    [("150k", 150_000), ("4.2G", 4_200_000_000), ("0.1M", 100_000), ("25M", 25_000_000),
     (7, 7), ("7", 7), ("1.001k", 1001), (150000.0, 150_000)],
)  # fmt: skip
def test_units_are_exact(written: Any, value: int) -> None:
    assert size(written, ("match",)) == value


@pytest.mark.parametrize(
    "written",
    ["150K", "k", "1.0001k", "-1k", "0", "1e3", "1 k", "", None, True, [], "9" * 20, "٣k"],
)
def test_other_sizes_are_refused(written: Any) -> None:
    with pytest.raises(SpaceError, match="must be a"):
        size(written, ("match",))


def test_three_ways_to_write_a_domain() -> None:
    assert domain(2, (), bounds=BOUNDS) == Fixed(value=2)
    assert domain([2, 1], (), bounds=BOUNDS) == Choice(options=(2, 1))
    assert domain({"from": 1, "to": 4}, (), bounds=BOUNDS) == Range(first=1, last=4, step=1)
    assert domain({"from": 1, "to": 9, "step": 4}, (), bounds=BOUNDS).values() == (1, 5, 9)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (0, "d: must be from 1 to 20000, not 0"),
        ("2", NO_DOMAIN + "'2'"),
        (1.0, NO_DOMAIN + "1.0"),
        (True, NO_DOMAIN + "true"),
        ([], "d: a list of choices needs at least one entry"),
        ([1, 2, 1], "d: 1 is listed twice"),
        ([1, "2"], "d.1: must be a whole number, not '2'"),
        ([1, [2]], "d.1: must be a whole number, not a list"),
        ({"from": 1}, "d: a range needs 'to'"),
        ({}, "d: a range needs 'from'"),
        ({"from": 3, "to": 1}, "d: 'from' 3 exceeds 'to' 1"),
        ({"from": 1, "to": 2, "step": 0}, "d.step: must be from 1 to 20000, not 0"),
        ({"from": 1, "to": 20_000}, TOO_LONG),
        ({"from": 1, "to": 2, "stop": 1}, "d.stop: unknown key, did you mean 'step'?"),
    ],
)  # fmt: skip
def test_other_domains_are_refused(written: Any, line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        domain(written, ("d",), bounds=BOUNDS)
    assert str(caught.value) == line


def test_true_is_no_number_and_one_no_flag() -> None:
    with pytest.raises(SpaceError, match="a whole number, not true"):
        whole(True, ("x",), bounds=BOUNDS)
    with pytest.raises(SpaceError, match="a number, not false"):
        number(False, ("x",))
    with pytest.raises(SpaceError, match="true or false, not 1"):
        flag(1, ("x",))


def test_an_empty_section_has_no_keys() -> None:
    assert section(None, (), known=("a",)) == {}
    with pytest.raises(SpaceError, match="must be a mapping of keys, not a list"):
        section([], (), known=("a",))
