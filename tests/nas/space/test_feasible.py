"""Counting and drawing under limits agree with looking at every point."""

import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from nas.errors import SpecError
from nas.space.candidate import Candidate, candidates, make_candidate
from nas.space.feasible import FeasibleDraws, FeasibleSpace
from nas.spec.file import spec_of_values
from nas.study.records import DataShape
from search_spaces.language.parse import parse_space
from search_spaces.language.points import Point
from search_spaces.language.space import SearchSpace

SHAPE = DataShape(image_size=16, channels=1, classes=10)
SPACE: dict[str, Any] = {
    "stem": {"width": [4, 8], "depth": 1},
    "head_size": [4, 8],
    "stages": [
        {"type": "C", "depth": [1, 2], "width": [4, 8, 12], "stride": 1, "kernel": [3, 5]},
        {"type": ["C", "T"], "depth": {"from": 1, "to": 3}, "width": {"times_previous": [1, 2]}},
    ],
    "relative_bias": ["pre", "none"],
    "recipe": {"weight_decay": [0.0, 0.1]},
}


def space_of(**changes: Any) -> SearchSpace:
    return parse_space({**SPACE, **changes})


def by_hand(space: SearchSpace) -> list[Point]:
    """Return every point that is accepted, one after another."""
    return [
        point
        for point in space.points()
        if isinstance(make_candidate(point, SHAPE, space=space), Candidate)
    ]


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "parameters": st.sampled_from(["<=5k", ">=3k", ["2k", "6k"], [1, 10], "<=100"]),
        "macs": st.sampled_from(["<=200k", [50_000, 300_000], ">=1M"]),
        "activation_bytes": st.sampled_from(["<=40k", [20_000, 80_000]]),
        "state_bytes": st.sampled_from(["<=80k", ">=64k"]),
    },
)
SHAPES = st.fixed_dictionaries(
    {},
    optional={
        "total_depth": st.sampled_from(["<=3", [2, 3], ">=4"]),
        "widths_do_not_shrink": st.booleans(),
    },
)


@settings(max_examples=40, deadline=None)
@given(LIMITS, SHAPES)
@example({"macs": [50_000, 300_000], "activation_bytes": "<=40k"}, {})  # rounded, not empty
def test_counts_equal_enumeration(budget: dict[str, Any], constraints: dict[str, Any]) -> None:
    space = space_of(budget=budget, constraints=constraints)
    feasible, kept = FeasibleSpace(space, SHAPE), by_hand(space)
    found = feasible.count()
    assert (found.points, found.feasible.value, found.feasible.exact) == (
        space.count(),
        len(kept),
        True,
    )
    assert feasible.empty is (not kept)
    listed = feasible.points(most=10_000)
    assert Counter(listed) == Counter(kept)


@settings(max_examples=20, deadline=None)
@given(LIMITS, SHAPES, st.integers(0, 2**32))
def test_every_sample_keeps_to_the_limits(budget, constraints, seed) -> None:
    space = space_of(budget=budget, constraints=constraints)
    feasible = FeasibleSpace(space, SHAPE)
    if feasible.empty:
        with pytest.raises(SpecError, match="leaves no network"):
            feasible.sample(3, seed=seed)
        return
    points = feasible.sample(20, seed=seed)
    assert points == feasible.sample(20, seed=seed)
    for point in points:
        assert isinstance(make_candidate(point, SHAPE, space=space), Candidate)
        assert space.point(space.assignment(point)) == point


@pytest.mark.parametrize(
    "budget", [{}, {"parameters": ["2k", "6k"]}, {"macs": "<=150k", "parameters": "<=4k"}]
)
def test_samples_are_uniform_over_all_points_that_keep_to_the_limits(budget) -> None:
    space = space_of(budget=budget, recipe=None)
    kept = Counter(by_hand(space))  # equal points: factors that round alike
    total = sum(kept.values())
    draws = 40 * total
    drawn = Counter(FeasibleSpace(space, SHAPE).sample(draws, seed=1))
    assert drawn.keys() <= kept.keys()
    observed = [drawn[point] for point in kept]
    expected = [40 * times for times in kept.values()]
    assert chisquare(observed, expected).pvalue > 1e-4


def test_patches_are_priced_with_the_stage_that_they_are_as_wide_as() -> None:
    layouts = {"ViT_REL": {"patch": [2, 3, 4], "depth": [1, 2], "width": [8, 16, 20]}}
    values = {"head_size": 8, "layouts": layouts, "budget": {"parameters": "<=8k"}}
    space = parse_space(values)
    kept = by_hand(space)
    assert 0 < len(kept) < space.count()
    assert Counter(FeasibleSpace(space, SHAPE).points(most=99)) == Counter(kept)


SIZES = st.sampled_from([12, [16, 20], [20, 13, 16], {"from": 12, "to": 14}])


@settings(max_examples=15, deadline=None)
@given(LIMITS, SHAPES, SIZES)
@example({"parameters": "<=5k", "activation_bytes": [20_000, 80_000]}, {}, [20, 13, 16])
def test_counts_equal_enumeration_at_several_sizes_of_images(budget, constraints, sizes) -> None:
    few = {"stem": {"width": 4, "depth": 1}, "head_size": 4, "recipe": None, "image_size": sizes}
    space = space_of(**few, budget=budget, constraints=constraints)
    feasible, kept = FeasibleSpace(space, SHAPE), by_hand(space)
    found = feasible.count()
    assert (found.points, found.feasible.value) == (space.count(), len(kept))
    assert Counter(feasible.points(most=10_000)) == Counter(kept)


def test_patches_are_priced_at_every_size_of_images() -> None:
    layouts = {"ViT_REL": {"patch": [2, 3, 4], "depth": [1, 2], "width": [8, 16, 20]}}
    values = {"head_size": 8, "layouts": layouts, "image_size": [16, 12, 8]}
    space = parse_space({**values, "budget": {"macs": "<=100k", "activation_bytes": "<=60k"}})
    kept = by_hand(space)
    assert {point.image_size for point in kept} == {8, 12, 16}
    assert 0 < len(kept) < space.count()
    assert Counter(FeasibleSpace(space, SHAPE).points(most=99)) == Counter(kept)


def test_an_endless_range_counts_once_and_is_drawn() -> None:
    recipe = {"learning_rate": {"from": 1e-4, "to": 1e-2, "log": True}}
    space = space_of(recipe=recipe, budget={"parameters": "<=4k"})
    feasible = FeasibleSpace(space, SHAPE)
    fixed = FeasibleSpace(space_of(recipe=None, budget={"parameters": "<=4k"}), SHAPE)
    assert feasible.count().feasible == fixed.count().feasible
    rates = {dict(point.recipe)["learning_rate"] for point in feasible.sample(50, seed=0)}
    assert len(rates) == 50
    with pytest.raises(ValueError, match="cannot be listed"):
        feasible.points(most=10_000)


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({"budget": {"parameters": "<=100"}},
         "space.budget.parameters: leaves no network: of all the smallest has"),
        ({"constraints": {"total_depth": ">=9"}},
         "space.constraints.total_depth: leaves no network: of all the largest has 5 total depth"),
        ({"budget": {"parameters": ">=6k", "macs": "<=60k"}},
         ("space.budget.macs: leaves no network: of those with parameters at least 6,000 the "
          "smallest has")),
        ({"head_size": 5, "stages": [{"type": "T", "depth": 1, "width": [4, 10]}],
          "allow_transformer_first": True, "budget": {"parameters": "<=10"}},
         "space.budget.parameters: leaves no network: of all the smallest has"),
    ],
)  # fmt: skip
def test_an_empty_space_names_the_limit_that_emptied_it(sections: Any, line: str) -> None:
    feasible = FeasibleSpace(space_of(**sections), SHAPE)
    assert feasible.empty
    assert str(feasible.why_empty()).startswith(line)
    with pytest.raises(SpecError, match="leaves no network"):
        FeasibleDraws(feasible).sample(random.Random(0))
    spec = spec_of_values({"name": "empty", "space": {**SPACE, **sections}})
    with pytest.raises(SpecError, match="leaves no network"):
        candidates(spec, SHAPE)


def test_a_large_space_of_which_few_points_keep_to_the_limits_can_be_listed() -> None:
    stages = [
        {"type": "C", "depth": {"from": 1, "to": 9}, "width": {"from": 4, "to": 40, "step": 4}}
        for _ in range(3)
    ]
    values = {"stem": {"width": 4}, "stages": stages, "budget": {"parameters": "<=2500"}}
    spec = spec_of_values({"name": "large", "space": values, "data": {"image_size": 16}})
    assert parse_space(values).count() == 90**3
    found = list(candidates(spec, SHAPE))
    assert 0 < len(found) < 1000
    assert all(isinstance(made, Candidate) for made in found)
    with pytest.raises(SpecError, match="more than the 10,000 that are listed within its limits"):
        list(candidates(spec_of_values({**spec_values(spec), "space": {**values, "budget": {
            "parameters": "<=1M"}}}), SHAPE))  # fmt: skip


def spec_values(spec: Any) -> dict[str, Any]:
    return {"name": spec.name, "data": {"image_size": 16}}


def test_a_huge_space_is_counted_between_bounds_and_drawn_from() -> None:
    stage = {
        "type": "C",
        "depth": {"from": 1, "to": 40},
        "width": {"from": 8, "to": 800, "step": 8},
    }
    values = {
        "stem": {"width": [8, 16, 24]},
        "stages": [stage] * 4,
        "budget": {"parameters": ["4M", "5M"], "macs": "<=1G"},
    }
    space = parse_space(values)
    feasible = FeasibleSpace(space, SHAPE)
    found = feasible.count()
    assert found.points > 10**14
    counted = found.feasible
    assert 0 < counted.low <= counted.value <= counted.high
    assert math.isfinite(counted.error)
    for point in feasible.sample(20, seed=3):
        assert isinstance(make_candidate(point, SHAPE, space=space), Candidate)
