"""Stages and stems: what is refused, and what stays when a stage is made of other blocks."""

from typing import Any

import pytest

from coatnet.config import BlockType, StageConfig, StemConfig, StemType

C, T = BlockType.CONVOLUTION, BlockType.TRANSFORMER


def stage(block: BlockType, **options: Any) -> StageConfig:
    return StageConfig(block=block, depth=1, width=8, **options)


def test_stems_and_stages_that_cannot_be_built_are_refused():
    with pytest.raises(ValueError, match="patch stem has depth 1, not 2"):
        StemConfig(type=StemType.PATCH, width=8, stride=4)
    with pytest.raises(ValueError, match="stem width must be a whole number"):
        StemConfig(width=0)
    with pytest.raises(ValueError, match="stage stride must be 1 or 2, not 3"):
        StageConfig(block=C, depth=1, width=4, stride=3)
    with pytest.raises(ValueError, match="stage depth must be a whole number"):
        StageConfig(block=C, depth=0, width=4)


@pytest.mark.parametrize(
    ("block", "options", "rule"),
    [
        (C, {"kernel": 4}, "stage kernel must be 3, 5 or 7, not 4"),
        (C, {"kernel": 0}, "stage kernel must be 3, 5 or 7, not 0"),
        (C, {"expansion": 9}, "stage expansion must be a whole number from 1 to 8, not 9"),
        (T, {"expansion": 0}, "stage expansion must be a whole number from 1 to 8, not 0"),
        (C, {"squeeze_ratio": 4.5}, r"stage squeeze_ratio must be in \[0, 4\], not 4.5"),
        (T, {"head_size": 0}, "stage head_size must be a whole number of at least 1, not 0"),
        (T, {"kernel": 3}, "a stage of T blocks has no kernel: leave it out"),
        (T, {"squeeze_ratio": 0.0}, "a stage of T blocks has no squeeze_ratio: leave it out"),
        (C, {"head_size": 8}, "a stage of C blocks has no head_size: leave it out"),
    ],
)
def test_options_that_a_stage_cannot_have_are_refused(block, options, rule):
    with pytest.raises(ValueError, match=f"^{rule}$"):
        stage(block, **options)


def test_made_of_other_blocks_a_stage_leaves_behind_what_these_lack():
    convolutions = stage(C, stride=1, kernel=7, expansion=2, squeeze_ratio=0.0)
    transformers = stage(T, stride=1, expansion=2, head_size=4)
    assert convolutions.made_of(T) == stage(T, stride=1, expansion=2)
    assert transformers.made_of(C) == stage(C, stride=1, expansion=2)
    assert convolutions.made_of(C) == convolutions
    assert transformers.made_of(T) == transformers
