"""What a ranking says of its noise: before it can be measured, and after."""

import textwrap

import numpy as np
import pytest

from nas.ranking.noise_words import few_words, find_noise, foreseen_words, words
from nas.ranking.statistics.noise import Noise, noise, pooled

Runs = dict[str, dict[int, np.ndarray]]


def correct(*, seeds: int, labels: str = "ABC", images: int = 599, run: float = 0.0) -> Runs:
    """Return who is right: layouts alike, some images hard for all, a run better by `run`."""
    random = np.random.default_rng(0)
    hard = 2.6 + random.standard_normal(images)
    return {
        label: {
            seed: hard + run * random.standard_normal() + random.standard_normal(images) > 0
            for seed in range(seeds)
        }
        for label in labels
    }


def test_after_the_first_seeds_images_are_foreseen_and_nothing_is_measured() -> None:
    found = find_noise(correct(seeds=1))
    assert found is not None
    assert (found.share, found.sd, found.predicted_share, found.off) == (None,) * 4
    assert found.sentence == foreseen_words(599, found.predicted_image_sd)
    assert f"about {100 * found.predicted_image_sd:.2f} points" in found.sentence


def test_afterwards_the_forecast_is_held_to_what_was_measured() -> None:
    runs = correct(seeds=10, run=0.1)
    first = find_noise({label: {0: each[0]} for label, each in runs.items()})
    found = find_noise(runs)
    assert first is not None
    assert found is not None
    assert found.predicted_image_sd == first.predicted_image_sd
    pairs = [
        np.stack([runs[a][s].astype(float) - runs[b][s] for s in range(10)])
        for a, b in ("AB", "AC", "BC")
    ]
    whole = pooled([noise(each) for each in pairs])
    assert (found.sd, found.share, found.seed_sd) == (whole.sd, whole.share, whole.seed_sd)
    assert found.image_sd is not None
    assert found.off == pytest.approx(found.predicted_image_sd / found.image_sd - 1)
    assert found.off is not None
    assert abs(found.off) <= 0.25
    assert f"forecast {100 * found.predicted_image_sd:.2f}" in found.sentence


def test_the_sentence_has_share_sd_and_what_seeds_would_do() -> None:
    found = Noise(variance=1.02e-2**2, image_variance=0.71 * 1.02e-2**2, freedom=9)
    said = words([found], 0.008)
    assert said == (
        "evaluation images are 71% of a pair's variance (sd 1.02 points, of images 0.86, "
        "forecast 0.80): 4 times as many are worth 2.1 times the seeds"
    )
    quiet = Noise(variance=1e-4, image_variance=1e-6, freedom=9)
    assert "as many save little" in words([quiet], 0.001)


def test_pairs_that_differ_are_not_hidden_in_their_mean() -> None:
    shares = (0.2, 1.0)
    pairs = [Noise(variance=4e-4, image_variance=each * 4e-4, freedom=9) for each in shares]
    assert words(pairs, 0.01).startswith("evaluation images are 60% (20 to 100%) of a pair's")
    runs = correct(seeds=6, run=0.3)
    found = find_noise(runs)
    assert found is not None
    assert found.shares is not None
    assert found.share is not None
    assert found.shares[0] < found.share < found.shares[1]


def test_before_six_seeds_a_share_is_computed_and_not_told() -> None:
    found = find_noise(correct(seeds=5))
    assert found is not None
    assert found.share is not None
    assert "6 seeds would tell" in found.sentence
    assert "%" not in found.sentence
    told = find_noise(correct(seeds=6))
    assert told is not None
    assert "variance" in told.sentence


@pytest.mark.parametrize("images", [599, 10_000, 1_281_167])
def test_it_takes_two_lines_at_most(images: int) -> None:
    loud = Noise(variance=0.1234**2, image_variance=0.1234**2, freedom=9)
    quiet = Noise(variance=0.1234**2, image_variance=0.05**2, freedom=9)
    for said in (
        words([loud], 0.1234),
        words([loud, quiet], 0.1234),
        foreseen_words(images, 0.1234),
        few_words(images, loud, 0.1234),
    ):
        assert len(textwrap.wrap(said, 80)) <= 2, said


def test_pairs_are_of_the_seeds_that_both_have() -> None:
    runs = correct(seeds=4, labels="AB")
    more = {"A": runs["A"], "B": {s: runs["B"][s] for s in (3, 1)}}
    few = {label: {s: runs[label][s] for s in (1, 3)} for label in "AB"}
    assert find_noise(more) == find_noise(few)
    assert find_noise({"A": runs["A"]}) is None
    assert find_noise({"A": {0: runs["A"][0]}, "B": {1: runs["B"][1]}}) is None


def test_networks_that_never_differ_have_no_noise_and_no_rate() -> None:
    same = {label: dict.fromkeys(range(3), np.ones(50)) for label in "AB"}
    found = find_noise(same)
    assert found is not None
    assert (found.sd, found.share, found.off, found.predicted_share) == (0.0, 0.0, None, None)


def test_runs_are_judged_on_the_same_images() -> None:
    with pytest.raises(ValueError, match="same images"):
        find_noise({"A": {0: np.ones(4)}, "B": {0: np.ones(5)}})
