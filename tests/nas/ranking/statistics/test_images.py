"""The interval for new images: wider by what images make necessary, and by no more."""

import math

import numpy as np
import pytest
from scipy import special

from benchmarks.calibration import design
from benchmarks.new_images import Cell, drawn, study
from nas.ranking.statistics.certificate import look
from nas.ranking.statistics.images import critical, new_images

SEEDS, IMAGES = 6, 599
T = critical(design(), pairs=10, seeds=SEEDS)


def ends(differences: np.ndarray, *, t: float = T) -> tuple[float, float, float, float]:
    """Return the interval for these images, as one look has it, and that for new ones."""
    d = differences.mean(axis=1)
    half = t * d.std(ddof=1) / math.sqrt(len(d))
    old = d.mean() - half, d.mean() + half
    return *old, *new_images(differences, low=old[0], high=old[1], critical=t)


def disagreeing(rate: float, *, seed: int = 0, seeds: int = SEEDS) -> np.ndarray:
    """Return differences that are independent over seeds and images."""
    random = np.random.default_rng(seed)
    return random.choice([-1, 0, 1], p=[rate, 1 - 2 * rate, rate], size=(seeds, IMAGES))


@pytest.mark.slow
@pytest.mark.parametrize("last", [6, 20])
@pytest.mark.parametrize("error", [0.003, 0.006])
def test_false_claims_about_new_images_are_rare_where_old_ones_are_not(
    last: int, error: float
) -> None:
    cell = Cell(images=599, accuracy=0.97, image_error=error, run=0.003, last=last)
    random = np.random.default_rng(1)
    found = np.array([study(cell, design(last=last), cell.suits, random) for _ in range(120)])
    old, new, held_not, new_held_not, _ = found.mean(axis=0)
    assert old > {0.003: 0.06, 0.006: 0.25}[error]
    assert held_not > {0.003: 0.06, 0.006: 0.25}[error]
    assert max(new, new_held_not) <= 0.05 + 2.33 * (0.05 * 0.95 / 120) ** 0.5


@pytest.mark.slow
def test_the_simulated_image_error_is_the_one_asked_for() -> None:
    cell = Cell(images=2000, accuracy=0.9, image_error=0.004, run=0.0, last=60)
    random = np.random.default_rng(0)
    found = []
    for _ in range(40):
        right = drawn(cell, cell.suits, random).mean(axis=(1, 2))
        found.append(right - right.mean())
    # The rest over sixty seeds adds little to an error of a difference, which is sqrt(2) of one.
    assert np.sqrt(2 * np.square(found).sum() / (4 * 40)) == pytest.approx(0.004, rel=0.2)


def test_seeds_and_images_add_up_in_quadrature() -> None:
    image = np.zeros(IMAGES)
    image[:60], image[60:90] = 1, -1
    differences = np.tile(image, (SEEDS, 1)).astype(float)
    differences += np.array([0.01, -0.01, 0.02, -0.02, 0.01, -0.01])[:, None] * (image == 0)
    low, high, new_low, new_high = ends(differences)
    level = 2 * special.stdtr(SEEDS - 1, -T)
    error = differences.mean(axis=0).std(ddof=1) / math.sqrt(IMAGES)
    sampled = -special.stdtrit(IMAGES - 1, level / 2) * error
    reach = math.sqrt(((new_high - new_low) / 2) ** 2 - ((high - low) / 2) ** 2)
    assert sampled < reach < 1.1 * sampled  # the rest stands for images unseen


def test_what_an_image_does_to_one_seed_is_counted_once() -> None:
    level = 2 * special.stdtr(SEEDS - 1, -T)
    reaches = []
    for seed in range(30):
        differences = disagreeing(0.05, seed=seed)
        low, high, new_low, new_high = ends(differences)
        error = differences.mean(axis=0).std(ddof=1) / math.sqrt(IMAGES)
        reach = math.sqrt(((new_high - new_low) / 2) ** 2 - ((high - low) / 2) ** 2)
        reaches.append(reach / (-special.stdtrit(IMAGES - 1, level / 2) * error))
    assert np.mean(reaches) < 0.6  # 1 and more if it were counted twice


def test_unseen_disagreements_are_as_large_as_those_seen() -> None:
    differences = np.zeros((SEEDS, IMAGES))
    for seed in range(SEEDS):  # each seed on images of its own: c is 1/6 or 0
        differences[seed, 5 * seed : 5 * seed + 5] = 1
    level = 2 * special.stdtr(SEEDS - 1, -T)
    low, high = new_images(differences, low=5 / IMAGES, high=5 / IMAGES, critical=T)
    unseen = (1 - (level / 2) ** (1 / IMAGES)) / SEEDS
    assert (high - low) / 2 == pytest.approx(unseen, rel=1e-3)


def test_it_is_never_the_narrower_one_and_the_same_from_either_side() -> None:
    for seed in range(50):
        differences = disagreeing(0.002 * (1 + seed % 7), seed=seed)
        low, high, new_low, new_high = ends(differences)
        assert new_low <= low <= high <= new_high
        turned = new_images(-differences, low=-high, high=-low, critical=T)
        assert turned == pytest.approx((-new_high, -new_low))
    wide = new_images(differences, low=-0.5, high=0.5, critical=T)  # of a floor, or earlier looks
    assert wide[0] <= -0.5
    assert wide[1] >= 0.5
    narrow = new_images(differences, low=0.001, high=0.0011, critical=T)
    assert narrow[1] - narrow[0] > high - low


def test_no_disagreement_is_no_certainty() -> None:
    low, high = new_images(np.zeros((SEEDS, IMAGES)), low=0.0, high=0.0, critical=T)
    level = 2 * special.stdtr(SEEDS - 1, -T)
    assert low == -high
    assert (1 - high) ** IMAGES == pytest.approx(level / 2)  # none seen, at such a rate
    assert high > 3 / IMAGES  # the rule of three, for 95 % of a single pair
    few = new_images(np.zeros((SEEDS, 20)), low=0.0, high=0.0, critical=T)
    assert 0.2 < few[1] < 1.0


def test_a_few_images_that_all_seeds_agree_on_are_not_taken_for_many() -> None:
    one = np.zeros((SEEDS, IMAGES))
    one[:, 0] = 1
    assert new_images(one, low=1 / IMAGES, high=1 / IMAGES, critical=T)[0] < 0


@pytest.mark.parametrize("shape", [(1, IMAGES), (SEEDS, 1)])
def test_of_one_seed_or_one_image_nothing_is_known(shape: tuple[int, int]) -> None:
    everything = (-math.inf, math.inf)
    assert new_images(np.zeros(shape), low=0.0, high=0.0, critical=T) == everything
    table = np.zeros((SEEDS, IMAGES))
    assert new_images(table, low=-math.inf, high=math.inf, critical=T) == everything
    assert new_images(table, low=0.0, high=0.0, critical=math.inf) == everything


def test_two_seeds_do() -> None:
    t = critical(design(first=2, last=2), pairs=1, seeds=2)
    low, high, new_low, new_high = ends(disagreeing(0.02, seeds=2), t=t)
    assert math.isfinite(new_high - new_low)
    assert new_high - new_low >= high - low


def test_a_difference_beyond_one_is_none_of_correctness() -> None:
    with pytest.raises(ValueError, match="at most 1"):
        new_images(np.full((3, 4), 2.0), low=0.0, high=0.0, critical=T)


def test_the_critical_value_is_that_of_the_certificate() -> None:
    d = np.random.default_rng(0).standard_normal((10, 20))
    looks = look(d, design())
    half = (looks.high - looks.low)[:, 5] / 2  # the first look: nothing to intersect
    assert half * math.sqrt(6) / looks.sd[:, 5] == pytest.approx(T)
    assert critical(design(), pairs=10, seeds=5) == math.inf
