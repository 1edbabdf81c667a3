"""What may be chosen, as it is written."""

from typing import Any

import pytest

from search_spaces.language.choices import choices, domain, real_domain
from search_spaces.language.domains import Choice, Fixed, FloatRange, Range
from search_spaces.language.errors import SpaceError
from search_spaces.language.values import DEPTH, SQUEEZE, word


def test_whole_numbers() -> None:
    assert domain(3, (), bounds=DEPTH) == Fixed(value=3)
    assert domain([3, 1], (), bounds=DEPTH) == Choice(options=(3, 1))
    written = {"from": 1, "to": 9, "step": 2, "log": True}
    assert domain(written, (), bounds=DEPTH) == Range(first=1, last=9, step=2, log=True)


def test_numbers() -> None:
    assert real_domain(1, (), reals=SQUEEZE) == Fixed(value=1.0)
    assert real_domain([0, 0.5], (), reals=SQUEEZE) == Choice(options=(0.0, 0.5))
    written = {"from": 0, "to": 1, "step": 0.5}
    assert real_domain(written, (), reals=SQUEEZE) == FloatRange(first=0, last=1, step=0.5)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([], "key: a list of choices needs at least one entry"),
        ([1, 1], "key: 1.0 is listed twice"),
        ([1, 5], "key.1: must be from 0 to 4, not 5.0"),
        ({"from": 1, "to": 2, "stepp": 1}, "key.stepp: unknown key, did you mean 'step'?"),
        ({"from": 1, "to": 2, "log": "yes"}, "key.log: must be true or false, not 'yes'"),
        ("x", "key: must be a number, not 'x'"),
    ],
)  # fmt: skip
def test_refused(value: Any, line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        real_domain(value, ("key",), reals=SQUEEZE)
    assert str(caught.value) == line


def test_words() -> None:
    def read(value: Any, path: Any) -> str:
        return word(value, path, known=("a", "b"))

    assert choices("a", (), read) == Fixed(value="a")
    assert choices(["b", "a"], (), read) == Choice(options=("b", "a"))
