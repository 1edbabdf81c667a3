"""Tables of seeds by images are taken apart without bias."""

import numpy as np
import pytest

from nas.ranking.statistics.two_way import two_way


def test_the_parts_are_those_the_table_was_made_of() -> None:
    random = np.random.default_rng(0)
    found = []
    for _ in range(400):
        seeds, images = random.standard_normal((8, 1)), 2 * random.standard_normal(30)
        found.append(two_way(1 + seeds + images + 3 * random.standard_normal((8, 30))))
    mean = {
        name: np.mean([getattr(each, name) for each in found])
        for name in ("mean", "seed_means", "image_means", "rest")
    }
    assert mean["mean"] == pytest.approx(1, abs=0.1)
    assert mean["seed_means"] == pytest.approx(1 + 9 / 30, rel=0.1)
    assert mean["image_means"] == pytest.approx(4 + 9 / 8, rel=0.05)
    assert mean["rest"] == pytest.approx(9, rel=0.02)


def test_one_seed_or_one_image_leaves_open_what_it_cannot_tell() -> None:
    one = two_way(np.array([[0, 1, 1]]))
    assert (one.seeds, one.images, one.mean) == (1, 3, pytest.approx(2 / 3))
    assert one.image_means == pytest.approx(1 / 3)
    assert np.isnan([one.seed_means, one.rest]).all()
    assert np.isnan(two_way(np.array([[0], [1]])).image_means)


def test_what_is_no_table_is_refused() -> None:
    for wrong in (np.zeros(3), np.zeros((0, 3)), np.zeros((2, 0))):
        with pytest.raises(ValueError, match="seeds by images"):
            two_way(wrong)
    with pytest.raises(ValueError, match="a number for each image"):
        two_way(np.array([[0, np.nan], [1, 0]]))
