"""A space counts, lists, draws and addresses the same points."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace
from tests.search_spaces.builders import space_values

SPACES = space_values().map(parse_space).filter(lambda space: space.count() <= 3000)
FEW = settings(max_examples=40, deadline=None)


@FEW
@given(SPACES)
def test_count_is_the_number_of_points_and_all_differ(space: SearchSpace) -> None:
    points = list(space.points())
    assert space.count() == len(points) == len(set(points))
    assert list(space.points()) == points


@FEW
@given(SPACES)
def test_every_point_has_its_index_and_no_other(space: SearchSpace) -> None:
    for index, point in enumerate(space.points()):
        assert space.point_at(index) == point
    for outside in (-1, space.count()):
        with pytest.raises(IndexError):
            space.point_at(outside)


@FEW
@given(SPACES)
def test_assignments_and_points_are_the_same_thing(space: SearchSpace) -> None:
    seen = set()
    for point in space.points():
        assignment = space.assignment(point)
        assert space.point(assignment) == point
        layout = space.layout(point.layout)
        assert set(assignment) == {LAYOUT, *layout.variables}
        assert all(assignment[name] in each.values() for name, each in layout.variables.items())
        seen.add(tuple(sorted(assignment.items())))
    assert len(seen) == space.count()


@FEW
@given(SPACES, st.integers(0, 2**32))
def test_samples_are_points_and_repeat_with_their_seed(space: SearchSpace, seed: int) -> None:
    points = set(space.points())
    first = [space.sample(random.Random(seed)) for _ in range(3)]
    assert set(first) <= points
    assert len(set(first)) == 1


UNEVEN: dict[str, Any] = {
    "stem": {"width": 4},
    "head_size": 4,
    "layouts": {
        "C-C": {"depths": [[1, 2, 3], {"from": 1, "to": 3}], "widths": [4, 8]},  # 9 points
        "ViT_REL": {"patch": 4, "depth": 2, "width": 8},  # 1 point
    },
}


def test_samples_are_uniform_over_points_not_over_layouts() -> None:
    space = parse_space(UNEVEN)
    rng = random.Random(0)
    counts = Counter(space.sample(rng) for _ in range(5000))
    assert len(counts) == 10
    # Each count is binomial(5000, 1/10): its standard deviation is 21.
    assert all(abs(count - 500) < 5 * 21 for count in counts.values())


def test_a_space_too_large_to_list_is_counted_and_drawn_from() -> None:
    width = {"from": 1, "to": 10_000}
    values = {
        "stem": {"width": 4},
        "stages": [{"type": "C", "depth": {"from": 1, "to": 1000}, "width": width}] * 8,
    }
    space = parse_space(values)
    assert space.count() == 10**56
    point = space.sample(random.Random(0))
    assert space.point(space.assignment(point)) == point


def test_the_last_stage_varies_fastest() -> None:
    depths = [tuple(s.depth for s in point.stages) for point in parse_space(UNEVEN).points()]
    assert depths[:4] == [(1, 1), (1, 2), (1, 3), (2, 1)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"C-C/depth1": 4}, "variable 'C-C/depth1' must be one of"),
        ({"C-C/depth1": None}, "variable 'C-C/depth1' must be one of"),
        ({"layout": "C-T"}, "variable 'layout' must be one of"),
        ({"C-C/depth9": 1}, "no variable 'C-C/depth9', did you mean 'C-C/depth"),
    ],
)
def test_assignments_outside_the_space_are_refused(change: dict[str, Any], words: str) -> None:
    fine = {"layout": "C-C", "C-C/depth1": 1, "C-C/depth2": 1}
    space = parse_space(UNEVEN)
    space.point(fine)
    with pytest.raises(ValueError, match=words):
        space.point({**fine, **change})


def test_variables_of_other_layouts_are_ignored() -> None:
    space = parse_space(UNEVEN)
    point = space.point({"layout": "ViT_REL", "C-C/depth1": 3})
    assert str(point) == "ViT_REL (T) patch 4 depths 2 widths 8"
    with pytest.raises(KeyError, match="did you mean 'C-C'"):
        space.layout("C-C-")
