"""What is drawn has the moments that were asked for."""

import numpy as np
import pytest
from scipy import stats

from nas.ranking.forecast.scenarios import LOST, Scenario, Shape, differences, draw, pairs_of


@pytest.mark.parametrize(
    ("shape", "skewness"), [(Shape.NORMAL, 0.0), (Shape.GAMMA, 0.7), (Shape.GAMMA, -2.0)]
)
def test_moments(shape, skewness):
    scenario = Scenario(means=(0.5, 0.7), sds=(0.1, 0.02), shape=shape, skewness=skewness)
    scores = draw(scenario, studies=100_000, seeds=2, seed=1)
    assert scores.shape == (100_000, 2, 2)
    assert scores.mean(axis=(0, 2)) == pytest.approx([0.5, 0.7], abs=1e-3)
    assert scores.std(axis=(0, 2)) == pytest.approx([0.1, 0.02], rel=0.02)
    assert stats.skew(scores[:, 0].ravel()) == pytest.approx(skewness, abs=0.1)
    assert abs(np.corrcoef(scores[:, 0, 0], scores[:, 1, 0])[0, 1]) < 0.02


def test_heavy_tails_have_variance_one():
    scores = draw(
        Scenario(means=(0.0, 0.0), sds=(1.0, 1.0), shape=Shape.T3), studies=200_000, seeds=1, seed=2
    )
    share = np.mean(np.abs(scores) * np.sqrt(3) > stats.t.isf(0.01, 3))
    assert share == pytest.approx(0.02, abs=0.001)


def test_every_other_layout_has_the_other_tail():
    scenario = Scenario(
        means=(0.0,) * 3, sds=(1.0,) * 3, shape=Shape.GAMMA, skewness=1.0, alternating=True
    )
    found = stats.skew(draw(scenario, studies=50_000, seeds=1, seed=3)[..., 0])
    assert found == pytest.approx([1.0, -1.0, 1.0], abs=0.1)


def test_a_tenth_of_the_runs_collapse():
    scenario = Scenario(means=(0.9, 0.9), sds=(0.001, 0.001), shape=Shape.COLLAPSE)
    scores = draw(scenario, studies=20_000, seeds=1, seed=4)
    assert np.mean(scores < 0.9 - LOST / 2) == pytest.approx(0.1, abs=0.01)


def test_pairs_and_gaps_go_together():
    assert pairs_of(3).tolist() == [[0, 1], [0, 2], [1, 2]]
    scenario = Scenario(means=(0.3, 0.2, 0.0), sds=(1.0,) * 3)
    assert scenario.gaps == pytest.approx([0.1, 0.3, 0.2])
    scores = np.array([[1.0, 2.0], [3.0, 5.0], [0.0, 0.0]])
    assert differences(scores).tolist() == [[-2.0, -3.0], [1.0, 2.0], [3.0, 5.0]]


@pytest.mark.parametrize(
    "changes",
    [
        {"means": (0.0,), "sds": (1.0,)},
        {"sds": (1.0,)},
        {"shape": Shape.GAMMA},
        {"skewness": 0.5},
    ],
)
def test_what_cannot_be_drawn_is_refused(changes):
    with pytest.raises(ValueError, match=r"two or more|skewness"):
        Scenario(**({"means": (0.0, 0.0), "sds": (1.0, 1.0)} | changes))
