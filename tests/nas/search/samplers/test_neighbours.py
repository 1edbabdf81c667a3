"""Neighbours differ in one variable, can be trained, and there is an end to them."""

import random
from functools import partial

from nas.search.samplers.neighbours import TRIES, OneChange
from nas.space.candidate import make_candidate
from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT
from tests.contracts.sampler import SHAPE, SPACE

OPEN = parse_space({key: value for key, value in SPACE.items() if key != "match"})
POINT = {
    LAYOUT: "C-T",
    "C-T/depth1": 2,
    "C-T/width1": 8,
    "C-T/depth2": 3,
    "C-T/width2": 16,
}


def beside(space, point, seed=0):
    change = OneChange(space, partial(make_candidate, shape=SHAPE, space=space))
    return [each.point for each in change(point, random.Random(seed))]


def differences(point) -> int:
    """Return in how many variables a point differs from POINT; a layout is one."""
    moved = point[LAYOUT] != POINT[LAYOUT]
    short = {name.partition("/")[2]: value for name, value in point.items() if name != LAYOUT}
    return moved + sum(value != POINT[f"C-T/{name}"] for name, value in short.items())


def test_one_variable_changes_then_two():
    found = [differences(point) for point in beside(OPEN, POINT)]
    assert len(found) == TRIES
    assert found[: TRIES // 2] == [1] * (TRIES // 2)
    assert set(found[TRIES // 2 :]) == {0, 1, 2}


def test_every_variable_gets_its_turn_and_every_value():
    found = [each for seed in range(4) for each in beside(OPEN, POINT, seed)[: TRIES // 2]]
    assert {point[LAYOUT] for point in found} == {"C-C", "C-T"}
    for name in POINT.keys() - {LAYOUT}:
        assert any(point.get(name, POINT[name]) != POINT[name] for point in found)
    assert {p["C-T/width1"] for p in found if p[LAYOUT] == "C-T"} == {4, 8, 12, 16}


def test_what_cannot_be_trained_is_left_out_and_may_be_where_one_starts():
    sized = parse_space({**SPACE, "match": {"parameters": 9000, "within": 0.3}})
    tiny = {**POINT, "C-T/depth1": 1, "C-T/width1": 4, "C-T/depth2": 1, "C-T/width2": 8}
    make = partial(make_candidate, shape=SHAPE, space=sized)
    assert make(sized.point(tiny)).mismatch > 0.3
    found = beside(sized, tiny)
    assert 0 < len(found) < TRIES / 2


def test_of_a_single_point_there_are_none():
    alone = parse_space({"stem": {"width": 4}, "stages": [{"type": "C", "depth": 1, "width": 4}]})
    assert beside(alone, {LAYOUT: "C"}) == []


def test_a_neighbour_in_another_layout_keeps_its_size_of_images():
    sizes = {"from": 12, "to": 28, "step": 4}
    kept = {key: value for key, value in SPACE.items() if key != "match"}
    space = parse_space({**kept, "image_size": sizes})
    point = {**POINT, "image_size": 20}
    moved = [each for each in beside(space, point)[: TRIES // 4] if each[LAYOUT] != "C-T"]
    assert moved
    assert {each["image_size"] for each in moved} == {20}
    assert {each["image_size"] for each in beside(space, point)} == set(range(12, 29, 4))
