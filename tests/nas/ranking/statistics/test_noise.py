"""What evaluation images are of a difference's noise: right on average, and foretold."""

import math

import numpy as np
import pytest

from nas.ranking.statistics.noise import Noise, noise, pooled, predicted_image_variance

SEED, REST, IMAGES = 0.006, 0.2, 400  # sds of one difference, of the rest of one image


def table(random: np.random.Generator, *, seeds: int = 10, images: int = IMAGES) -> np.ndarray:
    """Return differences with image effects, which are no noise over seeds."""
    return (
        SEED * random.standard_normal((seeds, 1))
        + 0.3 * random.standard_normal(images)
        + REST * random.standard_normal((seeds, images))
    )


def test_the_parts_are_those_that_were_put_in() -> None:
    random = np.random.default_rng(0)
    found = pooled([noise(table(random)) for _ in range(400)])
    image = REST**2 / IMAGES
    assert found.image_variance == pytest.approx(image, rel=0.02)
    assert found.variance == pytest.approx(SEED**2 + image, rel=0.1)
    assert found.share == pytest.approx(image / (SEED**2 + image), rel=0.1)
    assert found.seed_sd == pytest.approx(SEED, rel=0.1)
    assert found.seed_sd**2 + found.image_sd**2 == pytest.approx(found.sd**2)


@pytest.mark.parametrize("times", [0.25, 4])
def test_other_numbers_of_images_do_what_was_said(times: float) -> None:
    random = np.random.default_rng(1)
    here = pooled([noise(table(random)) for _ in range(400)])
    there = pooled([noise(table(random, images=int(times * IMAGES))) for _ in range(400)])
    assert here.sd_with(times) == pytest.approx(there.sd, rel=0.05)
    assert here.seeds_worth(times) == pytest.approx((here.sd / there.sd) ** 2, rel=0.1)


def test_seeds_are_worth_what_the_share_leaves() -> None:
    found = Noise(variance=1.02e-4, image_variance=0.71 * 1.02e-4, freedom=9)
    assert found.seeds_worth(4) == pytest.approx(1 / (0.29 + 0.71 / 4))
    assert found.seeds_worth(1) == 1
    assert found.sd_with(1e12) == pytest.approx(found.seed_sd)


def test_the_audited_sds_are_told_from_one_of_them() -> None:
    # Points at so many images, measured on digits.
    audit = {100: 2.10, 200: 1.63, 350: 1.25, 599: 1.02, 900: 0.91, 1390: 0.81}
    found = Noise(variance=1.02**2, image_variance=1.02**2 - 0.60**2, freedom=9)
    for images, sd in audit.items():
        assert found.sd_with(images / 599) == pytest.approx(sd, rel=0.06)


def test_a_share_is_no_more_than_all_and_of_nothing_none() -> None:
    over = Noise(variance=1e-4, image_variance=1.2e-4, freedom=5)
    assert (over.share, over.seed_sd) == (1.0, 0.0)
    assert over.seeds_worth(4) == pytest.approx(4)
    same = noise(np.zeros((3, 10)))
    assert (same.share, same.sd, same.image_sd, same.seed_sd) == (0.0, 0.0, 0.0, 0.0)
    assert same.seeds_worth(4) == 1


def test_pairs_weigh_by_their_seeds() -> None:
    few = Noise(variance=1.0, image_variance=0.5, freedom=1)
    many = Noise(variance=4.0, image_variance=1.0, freedom=5)
    assert pooled([few, many]) == Noise(
        variance=pytest.approx(3.5), image_variance=pytest.approx(5.5 / 6), freedom=6
    )
    with pytest.raises(ValueError, match="no pair"):
        pooled([])


def right(random: np.random.Generator, suits: float, *, images: int = 599) -> np.ndarray:
    """Return who of two layouts, six seeds each, is right: they share what is hard, up to `suits`.

    Bool [2, 6, images]; an image suits one layout more by a normal of that variance.
    """
    hard = random.standard_normal(images) + math.sqrt(suits) * random.standard_normal((2, images))
    return 2.6 + hard[:, None] + random.standard_normal((2, 6, images)) > 0


def test_the_first_seed_foretells_what_images_do() -> None:
    random = np.random.default_rng(2)
    measured, foretold = [], []
    for _ in range(300):
        a, b = right(random, 0.05).astype(float)
        measured.append(noise(a - b).image_variance)
        foretold.append(predicted_image_variance((a - b)[0]))
    assert math.sqrt(np.mean(foretold) / np.mean(measured)) == pytest.approx(1, abs=0.1)
    near = np.abs(np.sqrt(np.array(foretold) / measured) - 1) <= 0.25
    assert near.mean() > 0.8


def test_it_foretells_too_much_where_images_suit_one_layout() -> None:
    random = np.random.default_rng(3)
    tables = [a - b for a, b in (right(random, 1.0).astype(float) for _ in range(100))]
    measured = np.mean([noise(each).image_variance for each in tables])
    foretold = np.mean([predicted_image_variance(each[0]) for each in tables])
    assert foretold > 1.3 * measured


def test_a_shift_of_all_images_alike_is_no_noise() -> None:
    first = np.array([0.5, 0.5, -0.5, 0.0])
    assert predicted_image_variance(first + 0.25) == pytest.approx(predicted_image_variance(first))


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_one_seed_or_one_image_has_no_noise(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two seeds and two images"):
        noise(np.zeros(shape))


def test_a_prediction_needs_two_images() -> None:
    with pytest.raises(ValueError, match="two images"):
        predicted_image_variance(np.zeros(1))
