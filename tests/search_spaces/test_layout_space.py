"""Sizes that follow from others, and stems that are chosen."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.language.errors import SpaceError
from search_spaces.language.layout_space import multiple
from search_spaces.language.parse import parse_space

FEW = settings(max_examples=40, deadline=None)


def growing(factors: Any, *, types: str = "C-T", heads: int = 4, stem: Any = 8) -> Any:
    stages = [{"depth": 1, "width": {"times_previous": factors}}] * len(types.split("-"))
    values = {"stem": {"width": stem}, "head_size": heads, "stages": stages, "layouts": [types]}
    return parse_space(values)


def test_a_width_may_be_a_multiple_of_the_one_before() -> None:
    (point,) = growing(2).points()
    assert [stage.width for stage in point.stages] == [16, 32]
    widths = [tuple(stage.width for stage in p.stages) for p in growing([1, 1.5], stem=6).points()]
    # 6 and 9, then in whole heads of 4: 6 -> 8 (a half goes up), 9; 9 -> 8, 13.5 -> 12
    assert widths == [(6, 8), (6, 8), (9, 8), (9, 12)]


@FEW
@given(
    st.lists(st.sampled_from([0.5, 1, 1.25, 1.5, 2, 3]), min_size=1, max_size=4, unique=True),
    st.sampled_from([1, 4, 6]),
    st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True),
)
def test_every_width_fits_its_heads_and_every_point_has_an_assignment(factors, heads, stem) -> None:
    space = growing(factors, types="C-T-T", heads=heads, stem=stem)
    for point in space.points():
        assert all(stage.width % heads == 0 for stage in point.stages[1:])
        assert space.point(space.assignment(point)) == point


def test_rounding_is_to_the_nearest_and_to_one_at_least() -> None:
    assert [multiple(width, 4) for width in (0.1, 5.9, 6.0, 10.0)] == [4, 4, 8, 12]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        ({"times_previous": 0}, "must be more than 0 and at most 100, not 0.0"),
        ({"times_previous": {"from": 1, "to": 2}},
         "cannot be listed without steps: give 'step', or choices"),
    ],
)  # fmt: skip
def test_factors_are_refused(width: Any, line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space({"stem": {"width": 4}, "stages": [{"depth": 1, "width": width}],
                     "layouts": ["C"]})  # fmt: skip
    assert str(caught.value) == f"stages.0.width.times_previous: {line}"


def test_a_match_of_one_point_takes_no_choices_but_sizes() -> None:
    values: dict[str, Any] = {"layouts": ["C-T"], "match": {"macs": "1M"}}
    assert parse_space({**values, "kernel": 5}).count() == 1
    for change, key in (
        ({"kernel": [3, 5]}, "kernel"),
        ({"recipe": {"drop_path": [0.0, 0.1]}}, "recipe.drop_path"),
        ({"stages": [{"width": {"times_previous": 2}}, {}]}, "stages.0"),
    ):
        with pytest.raises(SpaceError) as caught:
            parse_space({**values, **change})
        assert str(caught.value).startswith(f"{key}: ")


def test_stems_are_chosen_too() -> None:
    values: dict[str, Any] = {
        "stem": {"width": [4, 8], "depth": {"from": 1, "to": 3}, "stride": 2},
        "stages": [{"depth": 1, "width": 32}],
        "layouts": {"C": {}, "ViT_REL": {"patch": [4, 7], "depth": 1, "width": 32}},
    }
    space = parse_space(values)
    assert space.count() == 2 * 3 + 2
    names = {name for layout in space.layouts for name in layout.variables}
    assert names == {"C/stem_width", "C/stem_depth", "ViT_REL/patch"}
    rng = random.Random(0)
    for point in (space.sample(rng) for _ in range(20)):
        assert space.point(space.assignment(point)) == point


SIZED: dict[str, Any] = {
    "stem": {"width": 4},
    "stages": [{"depth": [1, 2], "width": 8}] * 2,
    "layouts": {"C-C": {}, "ViT_REL": {"patch": 4, "depth": 1, "width": 32}},
}


def test_a_size_of_images_is_chosen_like_an_option_and_called_alike_in_all_layouts() -> None:
    space = parse_space({**SIZED, "image_size": {"from": 16, "to": 32, "step": 8}})
    assert space.image_sizes == (16, 24, 32)
    assert all("image_size" in layout.variables for layout in space.layouts)
    points = list(space.points())
    assert len(points) == len(set(points)) == space.count() == 3 * (4 + 1)
    assert [point.image_size for point in points[:8]] == [16] * 4 + [24] * 4
    assert str(points[-1]) == "ViT_REL (T) patch 4 depths 1 widths 32 at 32 px"
    for point in points:
        assert space.point(space.assignment(point)) == point


def test_one_size_of_images_is_no_choice_and_none_is_said_of_others() -> None:
    one, other = parse_space({**SIZED, "image_size": 16}), parse_space(SIZED)
    assert {point.image_size for point in one.points()} == {16}
    assert {point.image_size for point in other.points()} == {None}
    assert one.layouts[0].variables == other.layouts[0].variables
    assert (one.image_sizes, other.image_sizes) == ((16,), ())


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ("28px", ("image_size: must be a whole number, a list of choices or a range "
                  "{from: 1, to: 4, step: 1}, not '28px'")),
        ([28, 0], "image_size.1: must be from 1 to 4096, not 0"),
        ([28, 28], "image_size: 28 is listed twice"),
        ({"from": 16, "to": 8}, "image_size: 'from' 16 exceeds 'to' 8"),
    ],
)  # fmt: skip
def test_sizes_of_images_are_refused(size: Any, line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space({**SIZED, "image_size": size})
    assert (str(caught.value), caught.value.others) == (line, ())


def test_where_match_takes_one_point_there_is_one_size_of_images() -> None:
    values = {"layouts": ["C-C"], "match": {"parameters": "20k"}}
    with pytest.raises(SpaceError, match=r"^image_size: has choices, but 'match' takes one point"):
        parse_space({**values, "image_size": [16, 32]})
    assert parse_space({**values, "image_size": 16}).image_sizes == (16,)
