"""Descriptions: what is refused, and that plain values bring them back."""

import hashlib
import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from coatnet import FAMILY
from coatnet.config import VIT_REL, CoAtNetConfig
from tests.coatnet.random_networks import random_config

LAYOUTS = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", VIT_REL]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_named_as_in_the_paper(tiny, layout):
    assert tiny(layout).layout == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_brings_a_config_back(tiny, layout):
    config = tiny(layout, drop_path=0.25, batch_norm_momentum=0.1)
    assert CoAtNetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("seed", range(50))
def test_json_brings_any_config_back(seed):
    config = random_config(seed)
    assert CoAtNetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def with_options(config: CoAtNetConfig) -> CoAtNetConfig:
    first, *others, last = config.stages
    first = replace(first, kernel=5, squeeze_ratio=0.0)
    return replace(
        config, kernel=7, expansion=6, stages=(first, *others, replace(last, head_size=2))
    )


def test_what_uses_no_later_option_is_written_as_it_always_was(tiny):
    """Checkpoints know their networks by what is written; of networks before there were kernels."""
    written = json.dumps({name: config.to_dict() for name, config in FAMILY.items()})
    assert hashlib.sha256(written.encode()).hexdigest() == (
        "4175226f4687591dc6db275c6f2e8f37cf097f507885e3b14a3858ea26998f08"
    )
    used = with_options(tiny()).to_dict()
    assert (used["kernel"], used["expansion"]) == (7, 6)
    assert used["stages"][0]["kernel"] == 5
    assert used["stages"][0]["squeeze_ratio"] == 0.0
    assert used["stages"][-1]["head_size"] == 2
    assert set(used) - set(tiny().to_dict()) == {"kernel", "expansion"}
    assert list(used["stages"][1]) == ["block", "depth", "width", "stride"]


def test_pydantic_writes_what_to_dict_does(tiny):
    """Journals are written by it."""
    codec = TypeAdapter(CoAtNetConfig)
    for config in (tiny(), with_options(tiny()), tiny(image_size=(20, 28))):
        text = codec.dump_json(config)
        assert json.loads(text) == config.to_dict()
        assert list(json.loads(text)) == list(config.to_dict())
        assert codec.validate_json(text) == config


def test_heads_must_share_the_width_of_their_own_stage(tiny):
    config = tiny("C-C-T-T")  # heads of 4, the last stage 16 wide
    *others, last = config.stages
    assert replace(config, stages=(*others, replace(last, width=18, head_size=9)))
    with pytest.raises(ValueError, match=r"width 16 of a transformer stage .* of head_size 5"):
        replace(config, stages=(*others, replace(last, head_size=5)))


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
        ({"kernel": 4}, "^kernel must be 3, 5 or 7, not 4"),
        ({"kernel": None}, "^kernel must be 3, 5 or 7, not None"),
        ({"expansion": 0}, "^expansion must be a whole number from 1 to 8, not 0"),
        ({"squeeze_ratio": 5.0}, r"^squeeze_ratio must be in \[0, 4\], not 5.0"),
        ({"head_size": 0}, "^head_size must be a whole number of at least 1, not 0"),
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
