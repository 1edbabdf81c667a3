"""Descriptions: what is refused, and that plain values bring them back."""

import json
from dataclasses import replace

import pytest

from coatnet.config import (
    VIT_REL,
    BlockType,
    CoAtNetConfig,
    StageConfig,
    StemConfig,
    StemType,
)

LAYOUTS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", VIT_REL]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_named_as_in_the_paper(tiny, layout):
    assert tiny(layout).layout == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_brings_a_config_back(tiny, layout):
    config = tiny(layout, drop_path=0.25, batch_norm_momentum=0.1)
    assert CoAtNetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_to_dict_holds_plain_values_only(tiny):
    values = tiny().to_dict()
    assert type(values["stem"]["type"]) is str
    assert [type(stage["block"]) for stage in values["stages"]] == [str] * 4
    assert json.loads(json.dumps(values)) == values


def test_map_sizes_round_up(tiny):
    assert tiny(image_size=28).map_sizes == tuple((n, n) for n in (14, 14, 7, 4, 2))
    assert tiny(image_size=1).map_sizes == ((1, 1),) * 5
    assert tiny(VIT_REL).map_sizes == ((4, 4),) * 2


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"drop_path": 1.0}, r"drop_path must be in \[0, 1\), not 1.0"),
        ({"drop_path": float("nan")}, "drop_path must be in"),
        ({"batch_norm_momentum": 0.0}, r"batch_norm_momentum must be in \(0, 1\], not 0.0"),
        ({"head_size": 5}, "width 12 of a transformer stage must be a multiple of head_size 5"),
        ({"image_size": 0}, "image_size must be a whole number of at least 1, not 0"),
        ({"classes": 2.0}, "classes must be a whole number of at least 1, not 2.0"),
        ({"in_channels": True}, "in_channels must be a whole number of at least 1, not True"),
        ({"stages": ()}, "at least one stage"),
    ],
)
def test_what_cannot_be_built_is_refused(tiny, changes, rule):
    with pytest.raises(ValueError, match=rule):
        replace(tiny(), **changes)


def test_stems_and_stages_that_cannot_be_built_are_refused():
    with pytest.raises(ValueError, match="patch stem has depth 1, not 2"):
        StemConfig(type=StemType.PATCH, width=8, stride=4)
    with pytest.raises(ValueError, match="stem width must be a whole number"):
        StemConfig(width=0)
    with pytest.raises(ValueError, match="stage stride must be 1 or 2, not 3"):
        StageConfig(block=BlockType.CONVOLUTION, depth=1, width=4, stride=3)
    with pytest.raises(ValueError, match="stage depth must be a whole number"):
        StageConfig(block=BlockType.CONVOLUTION, depth=0, width=4)


def test_patches_must_tile_the_image(tiny):
    with pytest.raises(ValueError, match="image_size 21 must be a multiple of the patch 5"):
        tiny(VIT_REL, image_size=21)


def test_plain_values_that_do_not_fit_are_refused(tiny):
    values = tiny().to_dict()
    with pytest.raises(ValueError, match=r"architecture has unknown keys \['heads'\]"):
        CoAtNetConfig.from_dict({**values, "heads": 3})
    with pytest.raises(ValueError, match=r"architecture misses the keys \['stages'\]"):
        CoAtNetConfig.from_dict({key: values[key] for key in values if key != "stages"})
    with pytest.raises(ValueError, match=r"stem misses the keys \['width'\]"):
        CoAtNetConfig.from_dict({**values, "stem": {}})
    with pytest.raises(ValueError, match="stage must be a mapping, not 'C'"):
        CoAtNetConfig.from_dict({**values, "stages": ["C"]})
    with pytest.raises(ValueError, match="stages must be a list, not 'CCTT'"):
        CoAtNetConfig.from_dict({**values, "stages": "CCTT"})
    with pytest.raises(ValueError, match=r"block must be one of \['C', 'T'\], not 'X'"):
        CoAtNetConfig.from_dict({**values, "stages": [{**values["stages"][0], "block": "X"}]})
