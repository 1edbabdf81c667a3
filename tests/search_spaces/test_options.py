"""Options of networks as choices: what goes together, and in which layouts they mean something."""

from itertools import product
from typing import Any

import pytest

from search_spaces.language.domains import Choice, Fixed
from search_spaces.language.errors import SpaceError
from search_spaces.language.options import NetworkOptions
from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT

SMALL: dict[str, Any] = {
    "stem": {"width": 4},
    "stages": [{"depth": 1, "width": 32}] * 2,
    "layouts": {"C-C": {}, "C-T": {}, "ViT_REL": {"patch": 4, "depth": 1, "width": 32}},
}
ALL: dict[str, Any] = {
    "attention": ["global", "window", "linear"],
    "relative_bias": ["pre", "post", "none"],
    "window": [2, 4],
    "mbconv_stride": ["expand", "depthwise", "pool"],
    "mbconv_norm": ["batch", "layer"],
    "pool": ["max", "average"],
    "kernel": [3, 5],
    "squeeze_ratio": [0, 0.25],
    "head_size": [8, 16],
}


def test_every_variant_of_attention_is_one_value_and_means_another_network() -> None:
    space = parse_space({**SMALL, **ALL})
    domain = space.layout("C-T").variables["attention"]
    windows = [f"window {size} {bias}" for size in (2, 4) for bias in ("pre", "post", "none")]
    expected = ["global pre", "global post", "global none", *windows, "linear"]
    assert domain == Choice(options=tuple(expected))
    points = list(space.points())
    assert len(points) == len(set(points)) == space.count()


def test_an_option_is_chosen_only_where_a_block_has_it() -> None:
    space = parse_space({**SMALL, **ALL})
    names = {name: set(space.layout(name).variables) for name in ("C-C", "C-T", "ViT_REL")}
    convolutions = {"mbconv_stride", "mbconv_norm", "kernel", "squeeze_ratio"}
    assert names == {
        "C-C": {"pool"} | convolutions,
        "C-T": {"pool", "attention", "head_size"} | convolutions,
        "ViT_REL": {"pool", "attention", "head_size"},
    }


def test_assignments_of_options_are_points() -> None:
    space = parse_space({**SMALL, **ALL, "layouts": ["C-T"]})
    for point in space.points():
        assignment = space.assignment(point)
        assert space.point(assignment) == point
    chosen = {LAYOUT: "C-T", **dict.fromkeys(("mbconv_stride", "mbconv_norm", "pool"), None)}
    with pytest.raises(ValueError, match="variable 'mbconv_stride' must be one of"):
        space.point({**assignment, **chosen})


def test_linear_attention_among_others_takes_no_bias() -> None:
    space = parse_space({**SMALL, "attention": ["global", "linear"], "layouts": ["C-T"]})
    biases = {(p.options.attention, p.options.relative_bias) for p in space.points()}
    assert biases == {("global", "pre"), ("linear", "none")}
    with pytest.raises(SpaceError, match="linear attention forms no pairs of cells"):
        parse_space({**SMALL, "attention": "linear"})


@pytest.mark.parametrize("key", ["kernel", "expansion", "squeeze_ratio"])
def test_a_stage_of_convolutions_may_take_options_for_itself(key: str) -> None:
    values = {"kernel": [5, 7], "expansion": [2, 3], "squeeze_ratio": [0, 0.5]}[key]
    stages = [{"depth": 1, "width": 32, key: values}, {"depth": 1, "width": 32}]
    space = parse_space({**SMALL, "stages": stages, "layouts": ["C-C"]})
    assert set(space.layout("C-C").variables) == {f"C-C/{key}1"}
    found = [[getattr(stage, key) for stage in point.stages] for point in space.points()]
    assert found == [[value, None] for value in values]


def test_a_stage_that_may_be_either_has_the_options_of_its_type() -> None:
    stage = {"type": ["C", "T"], "depth": 1, "width": 32, "kernel": [3, 5], "head_size": [8, 16]}
    rules = {"allow_transformer_first": True}
    space = parse_space({"stem": {"width": 4}, "stages": [stage], **rules})
    named = {layout.name: set(layout.variables) for layout in space.layouts}
    assert named == {"C": {"C/kernel1"}, "T": {"T/head_size1"}}


def test_a_stage_has_no_options_of_another_type() -> None:
    stages = [{"type": "T", "depth": 1, "width": 32, "kernel": 5}]
    with pytest.raises(SpaceError) as caught:
        parse_space({"stem": {"width": 4}, "stages": stages, "allow_transformer_first": True})
    assert str(caught.value) == "stages.0.kernel: a stage of type T has none: remove it"


def test_widths_need_to_fit_some_size_of_heads() -> None:
    heads = {"head_size": [10, 12], "layouts": ["C-T"]}
    with pytest.raises(SpaceError, match="must be a multiple of head_size 10 or 12, not 32"):
        parse_space({**SMALL, **heads})
    assert parse_space({**SMALL, **heads, "head_size": [10, 16]}).count() == 2


def test_what_is_not_chosen_stays_as_written() -> None:
    space = parse_space({**SMALL, "window": 4, "kernel": 5})
    assert {point.options for point in space.points()} == {NetworkOptions(window=4, kernel=5)}
    assert space.layout("C-T").options.domain("kernel") == Fixed(value=5)


def test_choices_multiply() -> None:
    sizes = [2, 3]
    for heads, kernels in product(sizes, sizes):
        values = {"head_size": [1, 2, 4][:heads], "kernel": [3, 5, 7][:kernels]}
        assert parse_space({**SMALL, **values, "layouts": ["C-T"]}).count() == heads * kernels
