"""Layouts: named or spanned, with what differs from the shared stages."""

from typing import Any

import pytest

from search_spaces.language.errors import SpaceError
from search_spaces.language.parse import parse_space
from search_spaces.language.points import PatchStem

STAGES = [{"depth": 1, "width": 4 * 2**i} for i in range(4)]
OPEN = [{**stage, "type": ["T", "C"]} for stage in STAGES]


def values(**changes: Any) -> dict[str, Any]:
    return {"stem": {"width": 4}, "head_size": 4, "stages": STAGES, **changes}


def test_named_layouts_keep_the_files_order_and_override_the_stages() -> None:
    own = {"depths": [1, [1, 2], 1, 1], "widths": [4, 4, 8, 8], "strides": [1, 2, 2, 1]}
    space = parse_space(values(layouts={"C-C-T-T": own, "C-C-C-C": None}))
    assert [layout.name for layout in space.layouts] == ["C-C-T-T", "C-C-C-C"]
    first = space.point_at(1)
    assert [s.depth for s in first.stages] == [1, 2, 1, 1]
    assert [s.width for s in first.stages] == [4, 4, 8, 8]
    assert [s.stride for s in first.stages] == [1, 2, 2, 1]
    assert [s.stride for s in space.point_at(2).stages] == [2, 2, 2, 2]


def test_a_list_of_names_is_enough() -> None:
    space = parse_space(values(layouts=["C-C-C-C", "C-C-T-T"]))
    assert [layout.name for layout in space.layouts] == ["C-C-C-C", "C-C-T-T"]


def test_a_twin_has_other_name_and_equal_stages() -> None:
    space = parse_space(values(layouts={"C-C-T-T": {}, "twin": {"types": "C-C-T-T"}}))
    original, twin = space.points()
    assert (original.layout, twin.layout) == ("C-C-T-T", "twin")
    assert original.stages == twin.stages


def test_a_layout_may_say_its_own_options() -> None:
    own = {"types": "C-C-T-T", "kernel": [5, 7], "relative_bias": "none"}
    space = parse_space(
        values(layouts={"C-C-T-T": {}, "found": own}, kernel=[3, 5], attention="window", window=2)
    )
    options = [(p.layout, p.options.kernel, p.options.relative_bias) for p in space.points()]
    assert options == [
        ("C-C-T-T", 3, "pre"), ("C-C-T-T", 5, "pre"), ("found", 5, "none"), ("found", 7, "none"),
    ]  # fmt: skip
    assert {p.options.window for p in space.points()} == {2}
    for point in space.points():
        assert space.point(space.assignment(point)) == point


def test_heads_of_a_layouts_own_size_must_fit_its_widths() -> None:
    parse_space(values(layouts={"C-C-C-T": {"head_size": 16}}))
    with pytest.raises(SpaceError, match="multiple of head_size 5"):
        parse_space(values(layouts={"C-C-C-T": {"head_size": 5}}))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"layouts": {"C-C-C-T": {"kernel": 4}}}, "layouts.C-C-C-T.kernel: must be 3, 5 or 7"),
        ({"layouts": {"C-C-C-T": {"pool": "mean"}}}, "layouts.C-C-C-T.pool: must be"),
        (
            {"layouts": {"C-C-C-T": {"kernel": [3, 5]}}, "match": {"parameters": 9000}},
            "layouts.C-C-C-T.kernel: has choices, but 'match' takes one point",
        ),
        (
            {"layouts": ["C-C-C-T"], "kernel": [3, 5], "match": {"parameters": 9000}},
            "kernel: has choices, but 'match' takes one point",
        ),
        (
            {
                "layouts": ["C-C-C-T"],
                "recipe": {"weight_decay": [0.0, 0.1]},
                "match": {"parameters": 9000},
            },
            "recipe.weight_decay: has choices, but 'match' takes one point",
        ),
    ],
)
def test_a_wrong_option_is_refused_where_it_is_written(changes: Any, line: str) -> None:
    with pytest.raises(SpaceError) as refused:
        parse_space(values(**changes))
    assert str(refused.value).startswith(line)


def test_a_patch_layout_has_one_stage_on_one_map() -> None:
    space = parse_space(values(layouts={"ViT_REL": {"patch": 7, "depth": [2, 3], "width": 8}}))
    point = space.point_at(1)
    assert point.stem == PatchStem(size=7)
    assert [(s.type, s.depth, s.width, s.stride) for s in point.stages] == [("T", 3, 8, 1)]


def test_types_span_the_layouts_that_the_paper_allows() -> None:
    space = parse_space(values(stages=OPEN))
    assert sorted(layout.name for layout in space.layouts) == [
        "C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T",
    ]  # fmt: skip
    lifted = {"allow_transformer_first": True, "allow_transformer_before_convolution": True}
    assert len(parse_space(values(stages=OPEN, **lifted)).layouts) == 16


def test_only_a_width_that_can_never_be_split_into_heads_is_refused() -> None:
    stages = [*STAGES[:3], {"depth": 1, "width": [30, 32]}]
    assert parse_space(values(stages=stages, layouts=["C-C-C-T"])).count() == 2
    stages = [*STAGES[:3], {"depth": 1, "width": [30, 31]}]
    assert parse_space(values(stages=stages, layouts=["C-C-C-C"])).count() == 2
    with pytest.raises(SpaceError) as caught:
        parse_space(values(stages=stages, layouts=["C-C-C-T"]))
    assert str(caught.value) == (
        "stages.3.width: the width of a transformer stage must be a multiple of head_size 4, "
        "not 30 or 31"
    )


TYPES_NEEDED = "needs types such as C-C-T-T, or 'patch' for a network like ViT_REL"
TWIN_NEEDS_TYPES = f"layouts.twin.types: layout 'twin' {TYPES_NEEDED}"
PATCH = {"patch": 4, "depth": 1, "width": 8}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"layouts": {}}, "layouts: must name from 1 to 100 layouts, not 0"),
        ({"layouts": None}, "layouts: must be a list or mapping of names, not null"),
        ({"layouts": ["C-C-C-C", "C-C-C-C"]}, "layouts.1: layout C-C-C-C is listed twice"),
        ({"layouts": ["C-C-T"]}, "layouts.0: the layout has 3 stages, but 'stages' lists 4"),
        ({"layouts": {"twin": {}}}, f"layouts.twin: layout 'twin' {TYPES_NEEDED}"),
        ({"layouts": {"twin": {"types": "C-X"}}}, TWIN_NEEDS_TYPES),
        ({"layouts": {"twin": {"types": ["C"]}}}, TWIN_NEEDS_TYPES),
        ({"layouts": {"C-C-C-C": {"types": "C-C-C-T"}}},
         "layouts.C-C-C-C.types: a layout called C-C-C-C cannot be 'C-C-C-T'"),
        ({"layouts": {"C-C-C-C": PATCH}},
         "layouts.C-C-C-C.patch: a layout called C-C-C-C begins with convolutions"),
        ({"layouts": ["ViT_REL"]}, "layouts.0: layout ViT_REL needs 'patch'"),
        ({"layouts": {"ViT_REL": {**PATCH, "width": 7}}},
         ("layouts.ViT_REL.width: the width of a transformer stage must be a multiple of head_size "
         "4, not 7")),
        ({"layouts": {"ViT_REL": {**PATCH, "patch": [4, "7"]}}},
         "layouts.ViT_REL.patch.1: must be a whole number, not '7'"),
        ({"layouts": {"ViT_REL": {**PATCH, "patch": [4, 8]}}, "image_size": [32, 28, 30]},
         ("image_size: images of 30 pixels cannot be cut into patches of 4 or 8 pixels, as layout "
          "ViT_REL does: choose a multiple")),
        ({"layouts": {"C-C-C-C": {"depth": [1]}}},
         "layouts.C-C-C-C.depth: unknown key, did you mean 'depths'?"),
        ({"layouts": {"C-C-C-C": {"depths": [1, 1, 1]}}},
         "layouts.C-C-C-C.depths: must have 4 entries, one for each stage, not 3"),
        ({"layouts": {"C-C-C-C": {"depths": 2}}}, "layouts.C-C-C-C.depths: must be a list, not 2"),
        ({"layouts": {"C-C-C-C": {"depths": [1, 1, [1, 0], 1]}}},
         "layouts.C-C-C-C.depths.2.1: must be from 1 to 1000, not 0"),
        ({"layouts": {"C-C-C-C": {"strides": [1, 2, 3, 1]}}},
         "layouts.C-C-C-C.strides.2: must be from 1 to 2, not 3"),
        ({"layouts": ["-".join("C" * 9)]}, "layouts.0: a network has at most 8 stages, not 9"),
        ({"layouts": ["C-C-C-C"], "stages": [{"depth": 1}] * 4},
         ("layouts.0: layout C-C-C-C has no width for S1: "
          "give 'widths' in the layout or 'width' in 'stages', "
          "or 'match' without 'within' to have it found")),
        ({"layouts": ["C-C-C-C"], "stages": OPEN},
         "stages.0.type: is not used where 'layouts' are named: remove one"),
        ({"stages": [*OPEN[:3], STAGES[3]]},
         "stages.3: needs 'type' where the space has no 'layouts'"),
        ({"stages": []}, "needs 'layouts', or 'stages' with a 'type' each"),
        ({"stages": [{**STAGES[0], "type": "X"}]},
         "stages.0.type: must be C, T or [C, T], not 'X'"),
        ({"stages": [{**STAGES[0], "type": [[]]}]},
         "stages.0.type: must be C, T or [C, T], not a list"),
        ({"stages": [{**STAGES[0], "type": []}]},
         "stages.0.type: a list of choices needs at least one entry"),
        ({"stages": [{**STAGES[0], "type": ["C", "C"]}]}, "stages.0.type: C is listed twice"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space(values(**changes))
    assert str(caught.value) == line


def test_orders_that_the_paper_rules_out_are_refused_with_the_switch() -> None:
    with pytest.raises(
        SpaceError, match=r"layouts\.T-T-T-T: S1 must be C.*allow_transformer_first"
    ):
        parse_space(values(layouts={"T-T-T-T": {}}))
    with pytest.raises(SpaceError, match=r"must precede.*allow_transformer_before_convolution"):
        parse_space(values(layouts={"twin": {"types": "C-T-C-C"}}))
    only_t = [{**stage, "type": "T"} for stage in STAGES]
    with pytest.raises(SpaceError, match="stages: no layout is left: S1 must be C"):
        parse_space(values(stages=only_t))


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a..b", "../x", "a/b",
     "a\\b", "-a", "_a", "a b", "a\n", "a\0", "%2e%2e", "x" * 33, "é", "日本", "😀", "\u202ea",
     "C-C#1", "~", "a:b", "$(x)", "a'b", 'a"b', "<b>", "a;b", "C−T"],
)  # fmt: skip
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(SpaceError, match="a layout's name must be 1 to 32 letters") as caught:
        parse_space(values(layouts={name: {"types": "C-C-T-T"}}))
    assert str(caught.value).isprintable()
