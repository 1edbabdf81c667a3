"""Parts under their names, and spaces counted and drawn by what parts take."""

import random
import zlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coatnet.identity import identity
from nas.errors import SpecError
from nas.space.candidate import Candidate, Rejection, make_candidate
from nas.space.feasible import FeasibleSpace
from nas.space.part_times import Kind, Part, looked_up, network_time
from nas.space.priced import branches
from nas.space.sizing import network
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity
from search_spaces.language.parse import parse_space
from search_spaces.language.points import Point
from search_spaces.language.space import SearchSpace

SHAPE = DataShape(image_size=16, channels=1, classes=10)
SPACE: dict[str, Any] = {
    "stem": {"width": [4, 8], "depth": [1, 2]},
    "head_size": [4, 8],
    "stages": [
        {"type": "C", "depth": [1, 2], "width": [4, 8, 12], "stride": 1, "kernel": [3, 5]},
        {"type": ["C", "T"], "depth": {"from": 1, "to": 3}, "width": {"times_previous": [1, 2]}},
    ],
    "attention": ["global", "window", "linear"],
    "window": 3,
    "mbconv_stride": ["expand", "depthwise", "pool"],
    "relative_bias": ["pre", "post", "none"],
    "pool": ["max", "average"],
    "pool_size": [2, 3],
    "mbconv_norm": ["batch", "layer"],
}
FEWER: dict[str, Any] = {  # small enough to look at every point
    **SPACE,
    "stem": {"width": [4, 8], "depth": 1},
    "stages": [{**SPACE["stages"][0], "kernel": 3}, SPACE["stages"][1]],
    "attention": "global",
    "mbconv_stride": "expand",
    "relative_bias": ["pre", "post"],
    "pool": "max",
    "pool_size": [2, 3],
    "mbconv_norm": "batch",
}
PATCHES: dict[str, Any] = {
    "head_size": 8,
    "layouts": {"ViT_REL": {"patch": [2, 4], "depth": [1, 2], "width": [8, 16]}},
}


def made_up(part: Part) -> int:
    """Tell a time from the name alone, some different 1,000 to 9,999 ns."""
    return 1_000 + zlib.crc32(part.name.encode()) % 9_000


def parts_of(space: SearchSpace) -> dict[str, Part]:
    found: dict[str, Part] = {}

    def noted(part: Part) -> int:
        found[part.name] = part
        return 0

    branches(space, SHAPE, (Quantity.LATENCY,), time=noted)
    return found


def table_of(values: dict[str, Any]) -> dict[str, Any]:
    parts = parts_of(parse_space(values))
    times = [f"{made_up(part)} {name}" for name, part in parts.items()]
    return {"format": 1, "device": "made up", "times": times}


TABLE = table_of(SPACE)


def space_of(**changes: Any) -> SearchSpace:
    return parse_space({**FEWER, "latency": TABLE, **changes})


def by_hand(space: SearchSpace) -> list[Point]:
    return [
        point
        for point in space.points()
        if isinstance(make_candidate(point, SHAPE, space=space), Candidate)
    ]


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(["<=25us", ">=40us", ["20us", "30us"], "<=1us"]),
    st.sampled_from([{}, {"parameters": "<=6k"}, {"macs": [50_000, 300_000]}]),
)
def test_counts_and_listings_equal_enumeration_under_a_limit_of_latency(latency, others) -> None:
    space = space_of(budget={"latency": latency, **others})
    feasible, kept = FeasibleSpace(space, SHAPE), by_hand(space)
    count = feasible.count().feasible
    assert (count.value, count.exact) == (len(kept), True)
    assert Counter(feasible.points(most=100_000)) == Counter(kept)


def test_some_of_the_limits_above_leave_some_points() -> None:
    space = space_of(budget={"latency": ["20us", "30us"]})
    count = FeasibleSpace(space, SHAPE).count().feasible.value
    assert 0 < count < space.count()


def test_every_sample_keeps_to_the_limit_and_has_the_sum_of_its_parts() -> None:
    space = space_of(budget={"latency": "<=25us"})
    for point in FeasibleSpace(space, SHAPE).sample(200, seed=1):
        made = make_candidate(point, SHAPE, space=space)
        assert isinstance(made, Candidate)
        assert made.nanoseconds is not None
        assert made.nanoseconds == network_time(made.config, made_up) <= 25_000


def test_patches_take_time_with_the_stage_that_they_are_as_wide_as() -> None:
    values = {**PATCHES, "latency": table_of(PATCHES), "budget": {"latency": "<=18us"}}
    space = parse_space(values)
    kept = by_hand(space)
    assert 0 < len(kept) < space.count()
    assert Counter(FeasibleSpace(space, SHAPE).points(most=99)) == Counter(kept)


def test_a_point_beyond_is_rejected_in_words() -> None:
    space = space_of(budget={"latency": "<=1us"})
    made = make_candidate(space.point_at(0), SHAPE, space=space)
    assert isinstance(made, Rejection)
    assert made.reason.endswith("ns of latency, where budget asks for at most 1,000")


def test_an_empty_space_names_the_limit() -> None:
    feasible = FeasibleSpace(space_of(budget={"latency": "<=1us"}), SHAPE)
    assert feasible.empty
    least = min(network_time(network(p, SHAPE), made_up) for p in by_hand(space_of()))
    line = f"space.budget.latency: leaves no network: of all the smallest has {least:,} ns of"
    assert str(feasible.why_empty()).startswith(line)


def test_a_table_of_other_images_is_refused_with_the_command() -> None:
    space = space_of(budget={"latency": "<=25us"})
    other = DataShape(image_size=20, channels=1, classes=10)
    line = r"^space\.latency: has no time of 'stem 1 deep 1>4 20x20/2'.*`nas space latency SPEC"
    with pytest.raises(SpecError, match=line):
        FeasibleSpace(space, other)
    with pytest.raises(SpecError, match=line):
        make_candidate(space.point_at(0), other, space=space)
    with pytest.raises(SpecError, match=r"^space\.latency: has no time"):
        branches(parse_space(SPACE), SHAPE, (Quantity.LATENCY,))


def test_a_table_of_a_larger_space_will_do() -> None:
    space = space_of(budget={"latency": "<=25us"})
    assert len(parts_of(space)) < len(TABLE["times"])
    assert FeasibleSpace(space, SHAPE).count().feasible.value == len(by_hand(space))


def test_networks_of_equal_parts_are_the_same_network_up_to_order() -> None:
    """Names tell apart what identities tell apart: no option that matters is left out."""
    space, rng = parse_space(SPACE), random.Random(0)
    seen: dict[object, tuple[str, ...]] = {}
    for _ in range(3_000):
        config = network(space.point_at(rng.randrange(space.count())), SHAPE)
        names: list[str] = []
        network_time(config, lambda part, into=names: into.append(part.name) or 0)
        known = seen.setdefault(identity(config), tuple(names))
        assert known == tuple(names)
    by_names = Counter((names, depths) for names, depths in _with_depths(seen))
    assert max(by_names.values()) == 1


def _with_depths(seen):
    for same, names in seen.items():
        yield names, tuple(stage[1] for stage in same[1])


@pytest.mark.parametrize("values", [SPACE, PATCHES])
def test_each_part_alone_is_a_network_that_has_it(values) -> None:
    for name, part in parts_of(parse_space(values)).items():
        if part.kind is Kind.STEM:
            continue
        names: list[str] = []
        network_time(part.alone, lambda each, into=names: into.append(each.name) or 0)
        if part.kind is Kind.BLOCK:
            assert names[1] == name
        else:
            assert names[-1] == name
        assert part.alone.map_sizes[0] == part.in_size
        assert part.alone.bias_map_sizes == part.alone.map_sizes


def test_without_a_table_nothing_has_a_time() -> None:
    with pytest.raises(SpecError, match="has no time of"):
        looked_up(None)(next(iter(parts_of(parse_space(PATCHES)).values())))
