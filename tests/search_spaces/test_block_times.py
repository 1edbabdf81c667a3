"""Tables of block times in a space, and the limits that need one."""

from typing import Any

import pytest

from search_spaces.language.constraints import Limit, Quantity
from search_spaces.language.errors import SpaceError
from search_spaces.language.parse import parse_space

TABLE = {"format": 1, "device": "a CPU", "times": ["120 head 8>10 2x2/1", "5 C 4>8 4x4/2 k3"]}
SMALL: dict[str, Any] = {
    "stem": {"width": 8},
    "stages": [{"depth": [1, 2], "width": [4, 16]}] * 2,
    "layouts": ["C-C"],
}


def test_a_table_is_read() -> None:
    found = parse_space({**SMALL, "latency": {**TABLE, "checked": {}, "at": 1.0}}).times
    assert found is not None
    assert found.device == "a CPU"
    assert found.nanoseconds == {"head 8>10 2x2/1": 120, "C 4>8 4x4/2 k3": 5}
    assert parse_space({**SMALL, "latency": None}).times is None


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("<=3ms", None, 3_000_000), (">= 1.5us", 1_500, None), (["800us", "0.1s"], 800_000,
         100_000_000), (["7ns", "7ns"], 7, 7),
    ],
)  # fmt: skip
def test_latency_is_limited_in_units_of_time(written, least, most) -> None:
    space = parse_space({**SMALL, "latency": TABLE, "budget": {"latency": written}})
    path = ("budget", "latency")
    assert space.limits == (Limit(quantity=Quantity.LATENCY, least=least, most=most, path=path),)


def test_a_limit_that_is_taken_back_is_none() -> None:
    assert parse_space({**SMALL, "budget": {"latency": None}}).limits == ()


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({"budget": {"latency": "<=3ms"}},
         ("budget.latency: needs a table of block times: `nas space latency SPEC --to FILE` "
          "measures one, and `latency: FILE` names it")),
        ({"latency": TABLE, "budget": {"latency": "<=3"}},
         "budget.latency: must be a time such as 3ms, 250us or 0.1s, not '3'"),
        ({"latency": TABLE, "budget": {"latency": 3}},
         "budget.latency: must be a range such as '<=3ms', '>=800us' or [1ms, 3ms], not 3"),
        ({"latency": TABLE, "budget": {"latency": ["1ms", 3]}},
         "budget.latency.1: must be a time such as 3ms, 250us or 0.1s, not 3"),
        ({"latency": TABLE, "budget": {"latency": "<=0.4ns"}},
         "budget.latency: must be a time such as 3ms, 250us or 0.1s, not '0.4ns'"),
        ({"latency": TABLE, "budget": {"latency": ["3ms", "1ms"]}},
         "budget.latency: 3,000,000 exceeds 1,000,000"),
        ({"latency": "table.json"},
         ("latency: must name a file of block times, not 'table.json': `nas space latency SPEC "
          "--to FILE` measures one, and `latency: FILE` names it")),
        ({"latency": {**TABLE, "format": 2}},
         ("latency: is no table of block times of format 1: `nas space latency SPEC --to FILE` "
          "measures one, and `latency: FILE` names it")),
        ({"latency": {**TABLE, "times": ["head"]}},
         "latency.times.0: must be nanoseconds and a part, not 'head'"),
        ({"latency": {**TABLE, "times": None}},
         "latency.times: must be a list, not null"),
        ({"latency": {**TABLE, "time": []}},
         "latency.time: unknown key, did you mean 'times'?"),
    ],
)  # fmt: skip
def test_refused(sections: dict[str, Any], line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space({**SMALL, **sections})
    assert str(caught.value) == line
    assert not caught.value.others
