"""The statistical claims, held by simulated studies with fixed seeds.

A share of 5 % over 4,000 studies has a standard error of 0.35 %: the bar of 5.9 % is passed by a
scheme that holds 5 % in all but one of a hundred drawings, and is failed by every broken one here.
"""

from dataclasses import replace

import pytest

from nas.ranking.certificate import Design
from nas.ranking.scenarios import Scenario, Shape
from nas.ranking.simulate import PAPER_GAPS, Policy, forecast, simulate
from nas.spec import Correction, Until

HELD = 0.059
DESIGN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)
NOISY, UNEQUAL = (0.01,) * 5, (0.001, 0.003, 0.01, 0.03, 0.09)


@pytest.mark.slow
@pytest.mark.parametrize("until", Until)
@pytest.mark.parametrize("sds", [NOISY, UNEQUAL], ids=["equal noise", "90-fold noise"])
@pytest.mark.parametrize("shape", [Shape.NORMAL, Shape.T3])
def test_equal_layouts_are_rarely_told_apart_however_often_one_looks(until, sds, shape):
    scenario = Scenario(means=(0.0,) * 5, sds=sds, shape=shape)
    found = simulate(scenario, DESIGN, until=until, studies=4000, seed=11)
    assert found.false_better_ever <= HELD
    assert found.false_better <= found.false_better_ever


@pytest.mark.slow
@pytest.mark.parametrize("correction", Correction)
@pytest.mark.parametrize("sd", [0.001, 0.003])
def test_layouts_at_the_margin_are_rarely_called_equivalent(correction, sd):
    scenario = Scenario(means=(0.0, 0.005, 0.0, 0.005, 0.0), sds=(sd,) * 5)
    design = replace(DESIGN, correction=correction)
    found = simulate(scenario, design, until=Until.SHARP, studies=4000, seed=12)
    assert found.false_equal_ever <= HELD


@pytest.mark.slow
def test_bonferroni_holds_all_symbols_together():
    scenario = Scenario(means=(0.0, 0.005, 0.0, 0.005, 0.0), sds=(0.003,) * 5)
    design = replace(DESIGN, correction=Correction.BONFERRONI)
    found = simulate(scenario, design, until=Until.SHARP, studies=4000, seed=13)
    assert found.false_ever <= HELD


@pytest.mark.slow
def test_an_uncorrected_level_would_fail_the_same_bar():
    """The bar has power: at the level that one look at one pair would have, it is missed by far."""
    scenario = Scenario(means=(0.0,) * 5, sds=NOISY)
    naive = replace(DESIGN, alpha=0.45)  # about 5 % a look and pair
    found = simulate(scenario, naive, until=Until.SHARP, studies=1000, seed=14)
    assert found.false_better_ever > 4 * HELD


@pytest.mark.slow
def test_the_placebo_is_rarely_told_apart():
    pair = Scenario(means=(0.0, 0.0), sds=(0.01, 0.01))
    found = simulate(pair, DESIGN, until=Until.SETTLED, studies=4000, seed=15)
    assert found.false_better_ever <= HELD


@pytest.mark.slow
def test_strong_skewness_needs_the_stricter_level():
    scenario = Scenario(means=(0.0,) * 5, sds=(0.005,) * 5, shape=Shape.GAMMA, skewness=2.0)
    strict = replace(DESIGN, alpha=0.003)
    found = simulate(scenario, strict, until=Until.SHARP, studies=4000, seed=16)
    assert found.false_better_ever <= HELD


@pytest.mark.slow
@pytest.mark.parametrize(("sd", "ratio"), [(0.001, 1.0), (0.003, 0.7), (0.01, 0.7)])
def test_seeds_where_relations_are_open_save_runs_and_lose_no_pair(sd, ratio):
    scenario = Scenario(means=tuple(-gap for gap in PAPER_GAPS), sds=(sd,) * 5)
    ours, equal = (
        simulate(scenario, DESIGN, until=Until.SHARP, policy=policy, studies=2000, seed=17)
        for policy in (Policy.ADAPTIVE, Policy.EQUAL)
    )
    assert ours.runs <= ratio * equal.runs
    assert ours.decided >= equal.decided - 0.02


@pytest.mark.slow
def test_a_forecast_says_that_more_noise_takes_more_seeds():
    found = forecast(DESIGN, 5, until=Until.SETTLED, noise=(0.001, 0.01), studies=500, seed=1)
    quiet, noisy = found.scenarios
    assert quiet.adaptive.runs < noisy.adaptive.runs
    assert quiet.adaptive.decided > noisy.adaptive.decided
    again = forecast(DESIGN, 5, until=Until.SETTLED, noise=(0.001, 0.01), studies=500, seed=1)
    assert found == again
