"""The recipe as a choice: ranges of numbers, with and without steps."""

import random
from typing import Any

import pytest

from search_spaces.language.errors import SpaceError
from search_spaces.language.parse import parse_space
from search_spaces.language.recipe import extremes

SMALL: dict[str, Any] = {
    "stem": {"width": 4},
    "stages": [{"depth": [1, 2], "width": 32}],
    "layouts": ["C"],
}
RECIPE: dict[str, Any] = {
    "learning_rate": {"from": 1e-4, "to": 1e-2, "log": True},
    "weight_decay": [0.0, 0.05],
    "drop_path": {"from": 0.0, "to": 0.2, "step": 0.1},
    "rand_augment.magnitude": {"from": 5, "to": 15, "step": 5},
}


def test_networks_and_listed_recipes_are_counted_and_endless_ranges_are_not() -> None:
    space = parse_space({**SMALL, "recipe": RECIPE})
    assert (space.count(), space.endless) == (2 * 2 * 3 * 3, True)
    assert not parse_space({**SMALL, "recipe": {"weight_decay": [0.0, 0.05]}}).endless
    with pytest.raises(ValueError, match="cannot be listed: give 'step', or choices"):
        space.point_at(0)


def test_a_recipe_is_drawn_with_the_network() -> None:
    space, rng = parse_space({**SMALL, "recipe": RECIPE}), random.Random(0)
    points = [space.sample(rng) for _ in range(300)]
    rates = [dict(point.recipe)["learning_rate"] for point in points]
    assert all(1e-4 <= float(rate) <= 1e-2 for rate in rates)
    assert len(set(rates)) > 290
    # By ratio: half of them are below the geometric middle, not below the arithmetic one.
    below = sum(float(rate) < 1e-3 for rate in rates)
    assert abs(below - 150) < 5 * 9
    assert {dict(point.recipe)["drop_path"] for point in points} == {0.0, 0.1, 0.2}
    for point in points[:20]:
        assert space.point(space.assignment(point)) == point


@pytest.mark.parametrize("value", [1e-5, 0.1, "fast", True, None])
def test_an_endless_range_refuses_what_is_outside(value: Any) -> None:
    space = parse_space({**SMALL, "recipe": RECIPE})
    assignment = dict(space.assignment(space.sample(random.Random(0))))
    with pytest.raises(ValueError, match=r"variable 'recipe.learning_rate' must be from 0.0001"):
        space.point({**assignment, "recipe.learning_rate": value})


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ({"learning_rat": 1}, "recipe.learning_rat: unknown key, did you mean 'learning_rate'?"),
        ({"learning_rate": {"from": 0, "to": 1, "log": True}},
         "recipe.learning_rate: a range by ratio needs 'from' above 0, not 0"),
        ({"learning_rate": {"from": 1, "to": 1}},
         "recipe.learning_rate: 'from' 1 must be less than 'to' 1"),
        ({"learning_rate": {"from": 1, "to": 2, "log": True, "step": 1}},
         "recipe.learning_rate: takes 'step' or 'log', not both"),
        ({"learning_rate": {"from": 1, "to": 2, "step": 0}},
         "recipe.learning_rate: step must be more than 0, not 0"),
        ({"learning_rate": {"from": 1}}, "recipe.learning_rate: a range needs 'to'"),
        ({"learning_rate": -1}, "recipe.learning_rate: must be from 0 to 10^9, not -1.0"),
        ({"crop_padding": 1.5},
         ("recipe.crop_padding: must be a whole number, a list of choices or a range {from: 1, "
          "to: 4, step: 1}, not 1.5")),
        ([], "recipe: must be a mapping of keys, not a list"),
    ],
)  # fmt: skip
def test_refused(recipe: Any, line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space({**SMALL, "recipe": recipe})
    assert str(caught.value) == line


def test_extremes_hold_each_end_and_the_rates_that_could_cross() -> None:
    recipe = {"learning_rate": [1e-2, 1e-3], "min_learning_rate": {"from": 0, "to": 1e-4}}
    found = list(extremes(parse_space({**SMALL, "recipe": recipe}).layouts[0].recipe))
    assert {"learning_rate": 1e-3} in found
    assert {"min_learning_rate": 1e-4} in found
    assert {"learning_rate": 1e-3, "min_learning_rate": 1e-4} in found
