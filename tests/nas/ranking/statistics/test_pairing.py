"""Why layouts are compared by paired differences, whatever their correlation over seeds."""

import pytest

from benchmarks.calibration import design
from benchmarks.pairing import TWO, Noise, errors, inflation, power
from benchmarks.pairing_rules import PAIRED, RULES
from nas.spec.study import Until

STUDIES = 4000
WELCH = next(rule for rule in RULES if rule.name == "Welch")
RIVALS = [rule for rule in RULES if rule.name not in {"paired", "by the study"}]


@pytest.mark.parametrize("last", [6, 20])
def test_layouts_that_go_against_each_other_are_not_called_different(last):
    """Two layouts, r = -0.5: the bar of 5 %, and three Monte Carlo errors of one in 4,000."""
    noise = Noise(name="", sds=TWO, r=-0.5)
    plan = design(last=last)
    assert max(errors(noise, PAIRED, plan, STUDIES)) < 0.06
    assert min(errors(noise, WELCH, plan, STUDIES)) > 0.08


def test_what_layouts_share_over_seeds_is_taken_out():
    noise = Noise(name="", sds=(0.01,) * 5, r=0.8)
    shipped, welch = (
        power(noise, rule, design(last=6), 1000, until=Until.SETTLED)[0] for rule in (PAIRED, WELCH)
    )
    assert shipped > 0.7
    assert welch < 0.6


@pytest.mark.parametrize("r", [-0.5, 0.0, 0.8])
@pytest.mark.parametrize("ratio", [1.0, 5.0, 90.0])
def test_a_paired_test_keeps_its_level_whatever_is_shared(r, ratio):
    assert inflation(PAIRED, r, ratio) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("rule", RIVALS, ids=lambda rule: rule.name)
def test_every_rival_errs_where_layouts_go_against_each_other(rule):
    """If one no longer does, docs/ranking.md, "Paired, or not", is to be decided anew."""
    assert inflation(rule, -0.5, 1.0) > 1.3
