"""The options of a single block, for tests that build one without a network."""

from typing import Any

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, changed


def options(**changes: Any) -> CoAtNetConfig:
    """Describe them: ``options(head_size=4, relative_bias="post")``; the stages do not matter."""
    stage = StageConfig(block=BlockType.CONVOLUTION, depth=1, width=1)
    return changed(CoAtNetConfig(stem=StemConfig(width=1), stages=(stage,)), **changes)
