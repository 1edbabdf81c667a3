"""Spaces whose sizes are matched: one point of each layout, closest to what was asked for."""

from dataclasses import asdict, fields, replace
from enum import StrEnum
from typing import Any, get_type_hints

import pytest

from coatnet.config import AttentionType, CoAtNetConfig, StemType
from coatnet.cost import cost
from nas.errors import SpecError
from nas.search.build import build_search
from nas.space.candidate import (
    MAX_GRID,
    Candidate,
    Rejection,
    candidates,
    make_candidate,
    sized_space,
)
from nas.space.sizing import network
from nas.spec.study import SearchSpec, StudySpec
from nas.study.records import DataShape, Segment
from nas.study.state import StudyState
from nas.tables.listings import candidates_frame
from search_spaces.language.options import WORDS, NetworkOptions
from search_spaces.language.parse import parse_space

SHAPE = DataShape(image_size=28, channels=1, classes=10)
LAYOUTS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL"]
FEW_LINES: dict[str, Any] = {"layouts": LAYOUTS, "head_size": 8, "match": {"parameters": "150k"}}
SMALL: dict[str, Any] = {
    "stem": {"width": 8},
    "head_size": 4,
    "stages": [
        {"depth": [3, 1, 2], "width": [8, 12], "stride": [1, 2]},
        {"depth": {"from": 1, "to": 5}, "width": {"from": 12, "to": 32, "step": 2}},
    ],
    "layouts": {
        "C-C": {},
        "C-T": {},
        "ViT_REL": {"patch": 7, "depth": [2, 4, 6], "width": [8, 16]},
    },
}


def study(space: dict[str, Any], **changes: Any) -> StudySpec:
    return StudySpec(name="a", space=space, **changes)


def accepted(space: dict[str, Any], shape: DataShape = SHAPE) -> list[Candidate]:
    return [made for made in candidates(study(space), shape) if isinstance(made, Candidate)]


@pytest.mark.parametrize(
    "match",
    [
        {"parameters": 20_000},
        {"macs": "600k"},
        {"parameters": 15_000, "macs": "900k"},
        {"parameters": "1G", "macs": 1},
    ],
)
def test_each_layout_gets_the_closest_of_its_points(match: dict[str, Any]) -> None:
    space = parse_space({**SMALL, "match": match})
    every: dict[str, list[float]] = {}
    for point in space.points():
        made = make_candidate(point, SHAPE, space=space)
        if isinstance(made, Candidate):
            every.setdefault(made.layout, []).append(made.off)
    found = accepted({**SMALL, "match": match})
    assert [made.label for made in found] == ["C-C", "C-T", "ViT_REL"]
    for made in found:
        assert made.off == pytest.approx(min(every[made.layout]))
        assert made.parameters_off is None or "parameters" in match


def test_a_match_is_a_point_of_the_space() -> None:
    values = {**SMALL, "match": {"parameters": 20_000, "macs": "600k"}}
    space = parse_space(values)
    sized, unsized = sized_space(study(values), SHAPE)
    assert unsized == ()
    for point in sized.points():
        assert space.point(space.assignment(point)) == point


def test_few_lines_are_a_whole_space() -> None:
    found = accepted(FEW_LINES)
    assert [made.label for made in found] == [made.config.layout for made in found] == LAYOUTS
    for made in found:
        assert made.off < 0.05
        size = cost(made.config)
        assert (made.cost.parameters, made.cost.macs) == (size.parameters, size.macs)
        assert made.parameters_off == pytest.approx(made.cost.parameters / 150_000 - 1)
    # S1 keeps the stem's map of small images, and patches are as large as S3's stride, or less.
    assert found[0].config.map_sizes == ((14, 14), (14, 14), (7, 7), (4, 4), (2, 2))
    stem = found[-1].config.stem
    assert (stem.type, stem.stride) == (StemType.PATCH, 7)


def test_large_images_are_halved_in_every_stage() -> None:
    shape = DataShape(image_size=224, channels=3, classes=1000)
    space = {"layouts": LAYOUTS, "match": {"parameters": "25M", "macs": "4.2G"}}
    found = accepted(space, shape)
    assert found[0].config.map_sizes[-1] == (7, 7)
    assert found[-1].config.stem.stride == 16
    assert all(made.off < 0.005 for made in found[:-1])
    assert found[-1].off < 0.10


def test_a_space_gives_some_sizes_and_match_the_others() -> None:
    space = {
        "stem": {"width": 16},
        "layouts": {"C-C-C-T": {"depths": [1, 2, [2, 3], 1]}, "ViT_REL": {"patch": 14}},
        "match": {"parameters": "300k"},
    }
    stages, patches = accepted(space)
    assert stages.config.stem.width == 16
    assert [stage.depth for stage in stages.config.stages][:2] == [1, 2]
    assert stages.config.stages[2].depth in (2, 3)
    assert patches.config.stem.stride == 14


def test_a_huge_space_is_sized_without_listing_it() -> None:
    stage = {"type": "C", "depth": {"from": 1, "to": 10}}
    widths = ({"from": w, "to": 10 * w, "step": w} for w in (4, 8, 16, 32))
    space: dict[str, Any] = {
        "stem": {"width": 8},
        "stages": [{**stage, "width": width} for width in widths],
    }
    assert parse_space(space).count() == 10**8
    with pytest.raises(SpecError, match=f"more than the {MAX_GRID:,} .* 'match' without 'within'"):
        candidates(study(space), SHAPE)
    for index in (1, 12_345_678, 10**8 - 1):
        whole = parse_space(space)
        there = make_candidate(whole.point_at(index), SHAPE, space=whole)
        assert isinstance(there, Candidate)
        match = {"parameters": there.cost.parameters, "macs": there.cost.macs}
        (made,) = accepted({**space, "match": match})
        assert made.off == 0.0


def test_a_layout_that_cannot_be_sized_is_left_out_with_its_reason() -> None:
    space = {
        "stem": {"width": 8},
        "head_size": 4,
        "layouts": {"C-C": {}, "ViT_REL": {"patch": 9}},
        "match": {"parameters": "100k"},
    }
    made, rejection = candidates(study(space), SHAPE)
    assert isinstance(made, Candidate)
    assert isinstance(rejection, Rejection)
    assert "multiple of the patch 9" in rejection.reason
    (note,) = build_search(study(space), SHAPE).notes
    assert note.startswith("ViT_REL is left out: ViT_REL: ")
    only = {**space, "layouts": {"ViT_REL": {"patch": 9}}}
    with pytest.raises(SpecError, match="space: no layout can be sized: ViT_REL: image_size 28"):
        candidates(study(only), SHAPE)


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_every_sampler_chooses_among_the_sized_layouts(sampler: str) -> None:
    limit = None if sampler == "grid" else 9
    search = SearchSpec(sampler=sampler, candidates=limit, seeds=2)
    built = build_search(study(FEW_LINES, search=search), SHAPE)
    assert built.expected == 5 * 2
    sizes = {made.config for made in accepted(FEW_LINES)}
    segment = built.decide(StudyState())
    assert isinstance(segment, Segment)
    assert segment.trial.config in sizes


def test_what_is_far_from_the_size_asked_for_is_said() -> None:
    far = {**SMALL, "match": {"parameters": "1M"}}
    notes = build_search(study(far), SHAPE).notes
    assert len(notes) == 3
    found = accepted(far)[0]
    assert notes[0] == (
        f"C-C stays {found.off:.1%} off the size asked for: parameters {-found.off:+.1%}"
    )
    assert build_search(study(FEW_LINES), SHAPE).notes == ()
    within = {**SMALL, "match": {"parameters": 20_000, "within": 0.5}}
    assert build_search(study(within), SHAPE).notes == ()


def test_the_listing_says_how_far_off() -> None:
    frame = candidates_frame(candidates(study(FEW_LINES), SHAPE))
    assert frame.parameters_off.abs().max() < 0.05
    assert frame.parameters_off.abs().min() > 0.0
    assert frame.macs_off.isna().all()


OPTIONS: dict[str, Any] = {
    "attention": "linear", "window": 3, "relative_bias": "none", "head_size": 8,
    "mbconv_stride": "pool", "mbconv_norm": "layer", "squeeze_ratio": 0.0, "pool": "average",
    "pool_size": 3, "batch_norm_momentum": 0.1,
}  # fmt: skip


def test_options_of_the_space_reach_the_networks() -> None:
    plain = {**SMALL, "match": {"parameters": 20_000}}
    for made in accepted({**plain, **OPTIONS}):
        config = made.config.to_dict()
        assert {key: config[key] for key in OPTIONS} == OPTIONS
        assert isinstance(made.config.attention, AttentionType)
    point = parse_space({**SMALL, **OPTIONS}).point_at(0)
    assert network(point, SHAPE).mbconv_stride == "pool"


def test_a_size_of_images_reaches_the_network_and_its_price() -> None:
    plain = {key: value for key, value in SMALL.items() if key != "layouts"}
    stages = [{"depth": 1, "width": 8}, {"depth": 1, "width": 16}]
    values = {**plain, "stages": stages, "layouts": ["C-C", "C-T"], "image_size": [14, 28]}
    convolves, convolves_larger, attends, attends_larger = accepted(values)
    assert [made.config.image_size for made in (convolves, attends_larger)] == [14, 28]
    assert convolves.cost.parameters == convolves_larger.cost.parameters
    # a table of relative positions has (2 n - 1)^2 numbers a head: maps of 2 and of 4 cells
    assert attends_larger.cost.parameters - attends.cost.parameters == 4 * (7**2 - 3**2)
    assert convolves_larger.cost.macs > 2 * convolves.cost.macs
    for made in (convolves, attends_larger):
        point = made.point
        assert point is not None
        assert point["image_size"] == made.config.image_size
    assert accepted({**values, "image_size": 28}, replace(SHAPE, image_size=14)) == [
        replace(made, label=made.layout, point={"layout": made.layout})
        for made in (convolves_larger, attends_larger)
    ]


def test_sizes_are_matched_at_the_images_that_the_space_says() -> None:
    values = {"layouts": ["C-C", "ViT_REL"], "head_size": 8, "match": {"macs": "600k"}}
    wanted = accepted(values, replace(SHAPE, image_size=20))
    found = accepted({**values, "image_size": 20}, SHAPE)
    assert [made.config for made in found] == [made.config for made in wanted]


def test_the_spaces_words_and_defaults_are_the_networks() -> None:
    """`search_spaces` may not import `coatnet`, so the lists are kept twice."""
    hints = get_type_hints(CoAtNetConfig)
    words = {
        name: tuple(option.value for option in kind)
        for name, kind in hints.items()
        if isinstance(kind, type) and issubclass(kind, StrEnum)
    }
    assert dict(WORDS) == words
    defaults = {field.name: field.default for field in fields(CoAtNetConfig)}
    given = asdict(NetworkOptions())
    assert given == {name: defaults[name] for name in given}
    from_elsewhere = {
        "stem", "stages", "image_size", "bias_image_size", "in_channels", "classes", "drop_path",
    }  # fmt: skip
    assert set(defaults) - set(given) == from_elsewhere
