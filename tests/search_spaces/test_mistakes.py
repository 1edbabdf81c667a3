"""All that is wrong with a space is said at once, each mistake once."""

from typing import Any

import pytest

from search_spaces.language.errors import SpaceError
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.parse import parse_space


def lines(values: dict[str, Any]) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        parse_space(values)
    return [str(each) for each in (caught.value, *caught.value.others)]


def test_every_mistake_of_a_space_is_a_line() -> None:
    found = lines({
        "stem": {"width": 8, "widht": 2, "depth": 0},
        "head_size": [8, "a"],
        "attention": "windw",
        "stages": [
            {"type": "C", "depth": 0, "width": -1},
            {"type": ["C", "T"], "depth": 1, "width": {"times_previous": [1.5, -2]}, "kernl": 3},
            {"type": "T", "depth": 1, "width": 31, "kernel": 3},
        ],
        "match": {"macs": "4 G"},
        "budget": {"parameters": "<25M", "macs": ["3G", "2G"]},
        "recipe": {"learning_rate": -1, "dropout": 0.1},
        "colour": 1,
    })  # fmt: skip
    assert [line.split(":")[0] for line in found] == [
        "colour", "match.macs", "budget.parameters", "budget.macs", "stem.widht", "stem.depth",
        "stages.0.depth", "stages.0.width", "stages.1.kernl", "stages.1.width.times_previous.1",
        "stages.2.kernel", "attention", "head_size.1", "recipe.dropout", "recipe.learning_rate",
    ]  # fmt: skip


def test_every_layout_says_its_own_and_a_wrong_size_is_not_said_again() -> None:
    stages = [{"depth": 1, "width": 32}, {"depth": "x", "width": 32}]
    found = lines({"stem": {"width": 4}, "stages": stages, "layouts": ["C-C", "C-T", "T-C", "C"]})
    assert [line.split(":")[0] for line in found] == ["stages.1.depth", "layouts.2", "layouts.3"]


def test_nothing_wrong_raises_nothing() -> None:
    Mistakes().check()
