"""The statistical claims, held by simulated studies with fixed seeds.

A share of 5 % over 4,000 studies has a standard error of 0.35 %: the bar of 5.9 % is passed by a
scheme that holds 5 % in all but one of a hundred drawings, and is failed by every broken one here.
"""

from dataclasses import replace

import numpy as np
import pytest

from nas.ranking.forecast.scenarios import PAPER_GAPS, Scenario, Shape, differences, draw
from nas.ranking.forecast.simulate import (
    Policy,
    forecast,
    replicate,
    simulate,
)
from nas.ranking.statistics.certificate import Design
from nas.spec.study import Correction, Until

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
@pytest.mark.parametrize("until", Until)
@pytest.mark.parametrize("policy", [Policy.ADAPTIVE, Policy.ALL])
def test_nor_with_skewed_noise_against_a_layout_without(until, policy):
    """The worst that was found (docs/ranking.md, "Why looking is allowed"): all of alpha, 5.5 %."""
    scenario = Scenario(
        means=(0.0,) * 5, sds=(0.001, *(0.09,) * 4), shape=Shape.GAMMA, skewness=0.7
    )
    found = simulate(scenario, DESIGN, until=until, policy=policy, studies=8000, seed=18)
    assert found.false_better_ever <= 0.05


@pytest.mark.slow
def test_nor_where_one_of_ten_is_noisy():
    """One error for all pairs, which each pair's own replaces, has 10 % here."""
    scenario = Scenario(means=(0.0,) * 10, sds=(0.09, *(0.001,) * 9))
    found = simulate(
        scenario, DESIGN, until=Until.SETTLED, policy=Policy.ALL, studies=4000, seed=22
    )
    assert found.false_better_ever <= HELD


@pytest.mark.slow
def test_nor_with_opposite_skewness():
    scenario = Scenario(
        means=(0.0,) * 5, sds=(0.03,) * 5, shape=Shape.GAMMA, skewness=0.7, alternating=True
    )
    found = simulate(scenario, DESIGN, until=Until.SHARP, studies=8000, seed=19)
    assert found.false_better_ever <= 0.05


@pytest.mark.slow
def test_a_large_margin_apart_is_rarely_called_more():
    scenario = Scenario(means=(0.0, -0.05, -0.1), sds=(0.01,) * 3)
    found = simulate(scenario, DESIGN, until=Until.SHARP, policy=Policy.ALL, studies=4000, seed=20)
    assert 0 < found.false_better_ever <= HELD


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0001, 0.001, 0.003])
@pytest.mark.parametrize("sds", [(0.03,) * 5, UNEQUAL, (0.001, *(0.09,) * 4)], ids=str)
def test_better_points_the_right_way_where_gaps_are_next_to_nothing(gap, sds):
    """Skewed both ways; near-equal layouts err half as often as equal ones."""
    scenario = Scenario(
        means=tuple(-gap * place for place in range(5)),
        sds=sds,
        shape=Shape.GAMMA,
        skewness=0.7,
        alternating=True,
    )
    found = simulate(scenario, DESIGN, until=Until.SHARP, studies=4000, seed=32)
    assert 0 < found.false_better_ever <= 0.04


@pytest.mark.slow
@pytest.mark.parametrize(
    "means", [(0.0, 0.0, 0.0, 0.0, -0.05), (0.0, 0.0, -0.05, -0.05, -0.05)], ids=str
)
@pytest.mark.parametrize("last", [6, 20])
def test_better_and_much_better_share_one_error(means, last):
    """Equal layouts beside some that are just the large margin away; the mean of 12,000 has 0.2 %.

    `≫` off Bonferroni's intervals had up to 5.9 % here, at six seeds.
    """
    scenario = Scenario(means=means, sds=NOISY)
    design = replace(DESIGN, last=last)
    found = simulate(scenario, design, until=Until.SHARP, studies=12_000, seed=33)
    assert 0.01 < found.false_better_ever <= 0.05


@pytest.mark.slow
def test_intervals_miss_as_seldom_as_symbols_do():
    equal = Scenario(means=(0.0,) * 5, sds=NOISY)
    found = simulate(equal, DESIGN, until=Until.SHARP, studies=4000, seed=34)
    assert found.false_better_ever <= found.missed_ever <= HELD
    paper = Scenario(means=tuple(-gap for gap in PAPER_GAPS), sds=NOISY)
    found = simulate(paper, DESIGN, until=Until.SHARP, studies=4000, seed=34)
    assert 0 < found.missed_ever <= HELD


@pytest.mark.slow
@pytest.mark.parametrize("first", [2, 6])
def test_one_look_holds_its_level_too(first):
    scenario = Scenario(means=(0.0,) * 5, sds=(0.03,) * 5)
    design = replace(DESIGN, first=first, last=first)
    found = simulate(scenario, design, until=Until.SHARP, studies=4000, seed=21)
    assert 0.02 < found.false_better_ever <= HELD  # that close: exact for one pair
    assert found.trials_mean == 5 * first


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


def _true_and_drawn(scenario, **options):
    d = differences(draw(scenario, studies=50, seeds=20, seed=3))
    return replicate(d, DESIGN, until=Until.SHARP, gaps=scenario.gaps, **options)


def test_truth_is_what_claims_are_held_to():
    """Of certain layouts all claims are true; held to the opposite truth, all are false."""
    scenario = Scenario(means=(0.0, 0.02, 0.021), sds=(0.0005,) * 3)
    assert not _true_and_drawn(scenario).false_ever.any()
    d = differences(draw(scenario, studies=50, seeds=20, seed=3))
    wrong = replicate(d, DESIGN, until=Until.SHARP, gaps=np.array([0.02, 0.02, 0.02]))
    assert wrong.false_ever[:, :2].all()  # every `>` and the `≈`


def test_what_is_not_looked_at_plays_no_part():
    """Seeds beyond those given may hold anything: who gets a seed rests on the runs so far."""
    scenario = Scenario(means=tuple(-gap for gap in PAPER_GAPS), sds=(0.003,) * 5)
    scores = draw(scenario, studies=200, seeds=20, seed=4)
    found = replicate(differences(scores), DESIGN, until=Until.SHARP)
    wild = np.where(np.arange(20) < found.runs[..., None], scores, 7.0)
    again = replicate(differences(wild), DESIGN, until=Until.SHARP)
    np.testing.assert_array_equal(found.runs, again.runs)
    np.testing.assert_array_equal(found.symbol, again.symbol)


def test_policies_differ_in_who_is_given_seeds():
    scenario = Scenario(means=tuple(-gap for gap in PAPER_GAPS), sds=(0.005,) * 5)
    runs = {policy: _true_and_drawn(scenario, policy=policy).runs for policy in Policy}
    assert (runs[Policy.ALL] == 20).all()
    for policy in (Policy.EQUAL, Policy.EQUAL_FUTILE):
        assert (np.ptp(runs[policy], axis=1) == 0).all()
    assert runs[Policy.ADAPTIVE].sum() < runs[Policy.EQUAL_FUTILE].sum() < runs[Policy.EQUAL].sum()
    assert runs[Policy.ADAPTIVE].min() == 6


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
    assert ours.trials_mean <= ratio * equal.trials_mean
    assert ours.decided >= equal.decided - 0.02


@pytest.mark.slow
def test_a_forecast_says_that_more_noise_takes_more_seeds():
    found = forecast(DESIGN, 5, until=Until.SETTLED, noise=(0.001, 0.01), studies=500, seed=1)
    quiet, noisy = found.scenarios
    assert quiet.adaptive.trials_mean < noisy.adaptive.trials_mean
    assert quiet.adaptive.decided > noisy.adaptive.decided
    again = forecast(DESIGN, 5, until=Until.SETTLED, noise=(0.001, 0.01), studies=500, seed=1)
    assert found == again
