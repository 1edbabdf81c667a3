"""The levels of single looks: the published table, the shipped file, the inverse."""

import numpy as np
import pytest
from scipy import stats

from nas.ranking.statistics import levels as module
from nas.ranking.statistics.levels import NOMINAL, levels

# Monte Carlo of 2.4 million paths for the same rule: standard error 1 % at 0.005, 3 % at 0.0005.
ERRORS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
SIMULATED = {
    (6, 20): (0.000377, 0.000800, 0.001747, 0.004920, 0.010913, 0.024865),
    (6, 10): (0.000791, 0.001678, 0.003557, 0.009654, 0.020805, 0.045383),
    (3, 20): (0.000269, 0.000569, 0.001228, 0.003463, 0.007705, 0.017612),
    (3, 10): (0.000437, 0.000933, 0.001976, 0.005448, 0.012028, 0.026969),
}


@pytest.mark.parametrize("design", SIMULATED)
def test_levels_are_those_of_simulated_paths(design):
    found = [levels(*design).nominal(error) for error in ERRORS]
    assert found == pytest.approx(SIMULATED[design], rel=0.02)


def test_critical_t_of_the_default_design():
    nominal = levels(6, 20).nominal(0.005)
    found = stats.t.isf(nominal / 2, np.arange(5, 20))
    assert found[[0, 4, 14]] == pytest.approx((7.21, 4.94, 3.98), abs=0.01)


@pytest.mark.parametrize("design", [(2, 6), (3, 20), (6, 20), (10, 30)])
def test_overall_is_the_inverse(design):
    error = np.geomspace(1e-7, 0.4, 50)
    nominal = np.array([levels(*design).nominal(float(each)) for each in error])
    assert levels(*design).overall(nominal) == pytest.approx(error, rel=1e-3)


def test_far_below_the_table_errors_stay_in_proportion():
    low, lower = levels(6, 20).overall(np.array([1e-9, 1e-12]))
    assert low / lower == pytest.approx(1000)
    assert levels(6, 20).overall(np.array([0.0]))[0] == pytest.approx(0.0)


def test_beyond_the_table_the_answer_errs_to_the_safe_side():
    assert levels(6, 20).nominal(0.9) == pytest.approx(0.3)
    assert levels(6, 20).overall(np.array([0.31]))[0] == 1.0


def test_one_look_needs_no_correction():
    assert levels(5, 5).nominal(0.05) == 0.05
    assert levels(5, 5).overall(np.array([0.01, 0.7])) == pytest.approx([0.01, 0.7])


def test_every_design_promised_is_shipped():
    shipped = module._shipped()
    for last in module.LASTS:
        for first in module.FIRSTS:
            if first < last:
                logs = shipped[f"{first}-{last}"]
                assert len(logs) == len(NOMINAL)
                assert np.all(np.diff(logs) > 0)


@pytest.mark.slow
@pytest.mark.parametrize("design", [(2, 4), (9, 11)])
def test_the_shipped_file_is_what_is_computed(design):
    found = module.compute((design[0],), design[1])[0]
    assert module._shipped()[f"{design[0]}-{design[1]}"] == pytest.approx(found, abs=1e-5)


@pytest.mark.slow
def test_a_design_that_is_not_shipped_is_computed():
    assert 0.05 / 5 < levels(31, 35).nominal(0.05) < 0.05


@pytest.mark.parametrize("design", [(1, 5), (6, 5)])
def test_impossible_designs_are_refused(design):
    with pytest.raises(ValueError, match="2 <= first <= last"):
        levels(*design)


@pytest.mark.parametrize("error", [0.0, 1.0, -0.1])
def test_an_error_level_is_a_probability(error):
    with pytest.raises(ValueError, match="between 0 and 1"):
        levels(6, 20).nominal(error)
