"""Procedural images keep the contract, and have no end."""

import numpy as np

from nas.data.procedural import ProceduralImages
from tests.contracts.images import ImagesContract, shown

IMAGES = ProceduralImages(name="train", seed=0, size=16, channels=3)


class TestProceduralImages(ImagesContract):
    """See the contract."""

    def make(self, tmp_path):
        return ProceduralImages(name="train", seed=0, size=16, channels=3)


def test_they_have_no_end() -> None:
    assert IMAGES.count is None
    assert shown(IMAGES, [[10**12]]) != shown(IMAGES, [[0]])


def test_a_subset_is_kept_in_memory() -> None:
    subset = IMAGES.subset(np.arange(3, 12))
    assert subset.images.shape == (9, 3, 16, 16)
    assert subset.count == 9
