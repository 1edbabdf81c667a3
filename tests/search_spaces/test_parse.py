"""The space section as a whole: its keys, its match, its errors; and the files that are shipped."""

import subprocess
import sys
from typing import Any

import pytest

from search_spaces.language.constraints import Match
from search_spaces.language.errors import SpaceError
from search_spaces.language.parse import parse_space
from search_spaces.language.space import ConvolutionStem

SMALL: dict[str, Any] = {
    "stem": {"width": 4},
    "stages": [{"depth": 1, "width": 32}] * 2,
    "layouts": ["C-C", "C-T"],
}


def test_defaults() -> None:
    space = parse_space(SMALL)
    point = space.point_at(0)
    assert point.stem == ConvolutionStem(width=4, depth=2, stride=2)
    assert point.head_size == 32
    assert point.batch_norm_momentum == 0.01
    assert space.match is None


def test_match() -> None:
    match = {"parameters": "150k", "macs": "4.2G", "within": 0.05}
    assert parse_space({**SMALL, "match": match}).match == Match(
        parameters=150_000, macs=4_200_000_000, within=0.05
    )
    assert parse_space({**SMALL, "match": {"macs": 5}}).match == Match(macs=5, within=0.10)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"head_sise": 1}, "head_sise: unknown key, did you mean 'head_size'?"),
        ({"head_size": 0}, "head_size: must be from 1 to 65536, not 0"),
        ({"head_size": [16, 32]}, "head_size: must be a whole number, not a list"),
        ({"batch_norm_momentum": 0},
         "batch_norm_momentum: must be more than 0 and at most 1, not 0.0"),
        ({"batch_norm_momentum": "x"}, "batch_norm_momentum: must be a number, not 'x'"),
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
