"""The space section as a whole: its keys, its match, its errors; and the files that are shipped."""

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from search_spaces.language.constraints import Match
from search_spaces.language.domains import Choice, Fixed, Open
from search_spaces.language.errors import SpaceError
from search_spaces.language.layout_space import ConvolutionStems, OpenStem
from search_spaces.language.options import NetworkOptions
from search_spaces.language.parse import parse_space
from search_spaces.language.points import ConvolutionStem

SMALL: dict[str, Any] = {
    "stem": {"width": 4},
    "stages": [{"depth": 1, "width": 32}] * 2,
    "layouts": ["C-C", "C-T"],
}


def test_defaults() -> None:
    space = parse_space(SMALL)
    point = space.point_at(0)
    assert point.stem == ConvolutionStem(width=4, depth=2, stride=2)
    assert point.options == NetworkOptions()
    assert (point.options.head_size, point.options.batch_norm_momentum) == (32, 0.01)
    assert space.match is None


def test_match() -> None:
    match = {"parameters": "150k", "macs": "4.2G", "within": 0.05}
    assert parse_space({**SMALL, "match": match}).match == Match(
        parameters=150_000, macs=4_200_000_000, within=0.05
    )
    assert parse_space({**SMALL, "match": {"macs": 5}}).match == Match(macs=5, within=None)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"head_sise": 1}, "head_sise: unknown key, did you mean 'head_size'?"),
        ({"head_size": 0}, "head_size: must be from 1 to 65536, not 0"),
        ({"head_size": [16, "a"]}, "head_size.1: must be a whole number, not 'a'"),
        ({"kernel": 4}, "kernel: must be 3, 5 or 7, not 4"),
        ({"kernel": [3, 3]}, "kernel: 3 is listed twice"),
        ({"expansion": 9}, "expansion: must be from 1 to 8, not 9"),
        ({"batch_norm_momentum": 0},
         "batch_norm_momentum: must be more than 0 and at most 1, not 0.0"),
        ({"batch_norm_momentum": "x"}, "batch_norm_momentum: must be a number, not 'x'"),
        ({"attention": "windw"},
         "attention: must be global, window or linear, not 'windw', did you mean 'window'?"),
        ({"attention": "local"},
         "attention: must be global, window or linear, not 'local', did you mean 'global'?"),
        ({"attention": 7}, "attention: must be global, window or linear, not 7"),
        ({"atention": "local"}, "atention: unknown key, did you mean 'attention'?"),
        ({"relative_bias": None},
         "relative_bias: must be pre, post or none, not null, did you mean 'none'?"),
        ({"mbconv_stride": "pol"},
         "mbconv_stride: must be expand, depthwise or pool, not 'pol', did you mean 'pool'?"),
        ({"mbconv_norm": ["batch", 1]}, "mbconv_norm.1: must be batch or layer, not 1"),
        ({"pool": True}, "pool: must be max or average, not true"),
        ({"pool_size": 4}, "pool_size: must be from 2 to 3, not 4"),
        ({"window": 0}, "window: must be from 1 to 4096, not 0"),
        ({"squeeze_ratio": 4.5}, "squeeze_ratio: must be from 0 to 4, not 4.5"),
        ({"attention": "linear"},
         ("attention: linear attention forms no pairs of cells to have a bias: it needs "
          "'relative_bias: none'")),
        ({"attention": "linear", "relative_bias": "post"},
         ("relative_bias: linear attention forms no pairs of cells to have a bias: it needs "
          "'relative_bias: none'")),
        ({"stem": None}, "stem: needs 'width'"),
        ({"stem": {"width": 8, "stride": 65}}, "stem.stride: must be from 1 to 64, not 65"),
        ({"stem": {"width": 8, "widht": 1}}, "stem.widht: unknown key, did you mean 'width'?"),
        ({"stages": 3}, "stages: must be a list, not 3"),
        ({"stages": [3]}, "stages.0: must be a mapping of keys, not 3"),
        ({"stages": [{}] * 9}, "stages: a network has at most 8 stages, not 9"),
        ({"stages": [{"dept": 1}]}, "stages.0.dept: unknown key, did you mean 'depth'?"),
        ({"match": {}}, "match: needs 'parameters' or 'macs'"),
        ({"match": {"macs": "4 G"}},
         "match.macs: must be a size such as 150000, 150k or 4.2G, not '4 G'"),
        ({"match": {"macs": 1, "within": 1}},
         "match: within must be more than 0 and less than 1, not 1.0"),
        ({"match": {"macs": 1, "within": "10 %"}}, "match.within: must be a number, not '10 %'"),
        ({"allow_transformer_first": "yes"},
         "allow_transformer_first: must be true or false, not 'yes'"),
    ],
)  # fmt: skip
def test_refused(change: dict[str, Any], line: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space({**SMALL, **change})
    assert str(caught.value) == line


def test_stage_layouts_need_a_stem_and_patches_do_not() -> None:
    without = {key: value for key, value in SMALL.items() if key != "stem"}
    with pytest.raises(SpaceError, match="needs 'stem': layout C-C begins with convolutions"):
        parse_space(without)
    parse_space({"layouts": {"ViT_REL": {"patch": 4, "depth": 1, "width": 32}}})


def test_options_hold_for_every_point() -> None:
    options: dict[str, Any] = {
        "attention": "linear", "window": 4, "relative_bias": "none", "head_size": 8,
        "mbconv_stride": "pool", "mbconv_norm": "layer", "squeeze_ratio": 0, "pool": "average",
        "pool_size": 3, "batch_norm_momentum": 0.1, "kernel": 5, "expansion": 2,
    }  # fmt: skip
    assert set(options) == {field.name for field in fields(NetworkOptions)}
    layouts = {"C-C": {}, "ViT_REL": {"patch": 4, "depth": 1, "width": 32}}
    space = parse_space({**SMALL, **options, "layouts": layouts})
    assert {point.options for point in space.points()} == {NetworkOptions(**options)}


def test_what_match_finds_need_not_be_given() -> None:
    space = parse_space({"layouts": ["C-T", "ViT_REL"], "match": {"parameters": "1M"}})
    stages, patches = space.layouts
    assert (stages.stem, patches.stem) == (OpenStem(patches=False), OpenStem(patches=True))
    assert [stage.stride for stage in stages.stages] == [Open(), Fixed(value=2)]
    for layout in space.layouts:
        assert {(stage.depth, stage.width) for stage in layout.stages} == {(Open(), Open())}
    assert space.count() == 2  # a point of each layout
    assert dict(stages.variables) == {}


def test_what_is_given_is_kept_beside_what_match_finds() -> None:
    values = {"layouts": {"C-T": {"depths": [1, [2, 3]]}}, "match": {"macs": "1M"}}
    (layout,) = parse_space({"stem": {"width": 4}, **values}).layouts
    assert layout.stem == ConvolutionStems(
        width=Fixed(value=4), depth=Fixed(value=2), stride=Fixed(value=2)
    )
    assert [stage.depth for stage in layout.stages] == [Fixed(value=1), Choice(options=(2, 3))]
    assert [stage.width for stage in layout.stages] == [Open(), Open()]


@pytest.mark.parametrize("match", [{}, {"match": {"parameters": "1M", "within": 0.1}}])
def test_sizes_are_needed_where_points_are_enumerated(match: dict[str, Any]) -> None:
    with pytest.raises(SpaceError, match=r"layout C-T has no depth for S1: .* without 'within'"):
        parse_space({"stem": {"width": 4}, "layouts": ["C-T"], **match})
    with pytest.raises(SpaceError, match="needs 'stem'"):
        parse_space({"layouts": ["C-T"], **match})


def test_the_language_needs_no_heavy_library() -> None:
    program = (
        "import sys, search_spaces.language.parse, search_spaces.language.overrides\n"
        "heavy = {'torch', 'numpy', 'pydantic', 'pandas', 'ray', 'optuna', 'mlflow'}\n"
        "print(*sorted(heavy & set(sys.modules)), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, "", "")
