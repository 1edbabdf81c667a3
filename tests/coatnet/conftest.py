"""A network small enough to train in a test, in every layout, and one thread to do it."""

from collections.abc import Callable, Iterator

import pytest
import torch

from coatnet.config import (
    VIT_REL,
    BlockType,
    CoAtNetConfig,
    StageConfig,
    StemConfig,
    StemType,
    changed,
)


def _tiny(layout: str = "C-C-T-T", **changes) -> CoAtNetConfig:
    """Widths 4-4-8-12-16, depths 1-1-2-1, heads of 4, on images of 2 channels and 20 pixels."""
    fields = {"head_size": 4, "image_size": 20, "in_channels": 2, "classes": 5, **changes}
    if layout == VIT_REL:
        stem = StemConfig(type=StemType.PATCH, width=8, depth=1, stride=5)
        stage = StageConfig(block=BlockType.TRANSFORMER, depth=2, width=8, stride=1)
        return changed(
            CoAtNetConfig(stem=stem, stages=(stage,), head_size=1, image_size=20), **fields
        )
    stages = tuple(
        StageConfig(block=BlockType(letter), depth=depth, width=width, stride=stride)
        for letter, depth, width, stride in zip(
            layout.split("-"), (1, 1, 2, 1), (4, 8, 12, 16), (1, 2, 2, 2), strict=True
        )
    )
    return changed(CoAtNetConfig(stem=StemConfig(width=4), stages=stages, head_size=1), **fields)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., CoAtNetConfig]:
    """Describe a tiny network: ``tiny("C-C-T-T", drop_path=0.1)``."""
    return _tiny


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """On maps this small threads wait for each other: twenty times as long on busy machines."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
