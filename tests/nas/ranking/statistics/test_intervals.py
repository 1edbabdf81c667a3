"""Symbols and the intervals beside them, of thousands of studies: they never disagree."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from nas.ranking.forecast.scenarios import Scenario, Shape, differences, draw
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import SYMBOLS, Design, look, read
from nas.spec.study import Correction, Until

DESIGN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)
MEANS = (
    (0.0, -0.001, -0.005, -0.014, -0.054),
    (0.0, -0.004, -0.012, -0.06, -0.065),
    (0.0, 0.0, 0.0, 0.005, 0.005),
)


def verdicts(design, *, drift=0.0):
    """Verdicts of studies of many kinds at random numbers of seeds."""
    random = np.random.default_rng(6)
    for i, means in enumerate(MEANS):
        for sd in (0.001, 0.003, 0.006, 0.012, 0.03):
            for skewness in (0.0, 0.7):
                shape = Shape.GAMMA if skewness else Shape.NORMAL
                scenario = Scenario(means=means, sds=(sd,) * 5, shape=shape, skewness=skewness)
                d = differences(draw(scenario, studies=200, seeds=design.last, seed=i))
                d[..., 8:] += drift * random.choice([-1, 0, 1], d.shape[:-1])[..., None]
                n = random.integers(0, design.last + 1, d.shape[:-1])
                yield read(look(d, design), n, design, until=Until.SHARP)


@pytest.mark.parametrize("drift", [0.0, 0.02], ids=["as assumed", "no constant means"])
@pytest.mark.parametrize("correction", Correction)
@pytest.mark.parametrize("looks", [(6, 20), (4, 4), (9, 9)])
def test_symbols_and_intervals_agree(correction, looks, drift):
    design = replace(DESIGN, correction=correction, first=looks[0], last=looks[1])
    margin, large = design.margin, design.large_margin
    seen = Counter()
    for found in verdicts(design, drift=drift):
        better = np.where(found.mean < 0, -1, 1)
        low = np.where(better > 0, found.low, -found.high)
        high = np.where(better > 0, found.high, -found.low)
        symbol = np.array(SYMBOLS)[found.symbol]
        assert (low <= high).all()
        assert (low[symbol == Symbol.MUCH_BETTER] > large).all()
        assert (low[symbol == Symbol.BETTER] > 0).all()
        assert (np.abs(found.mean[symbol == Symbol.BETTER]) >= margin).all()
        equal = symbol == Symbol.EQUIVALENT
        assert (low[equal] > -margin).all()
        assert (high[equal] < margin).all()
        assert (low[symbol == Symbol.NOT_WORSE] > -margin).all()
        assert not (low[symbol != Symbol.MUCH_BETTER] > large).any()
        judged = ~np.isnan(found.p_adjusted)
        np.testing.assert_array_equal(judged, found.n >= max(design.first, 2))
        p = found.p_adjusted[judged]
        assert ((p >= 0) & (p <= 1)).all()
        apart = (low > 0) | (high < 0)
        np.testing.assert_array_equal(p <= design.alpha, apart[judged])
        seen.update(symbol.ravel().tolist())
    assert min(seen[each] for each in Symbol) > 20 or looks == (4, 4)


def test_a_sign_is_that_of_the_look_which_told_the_pair_apart():
    """Surely better for six seeds, then wildly worse: the claim is not turned round."""
    d = np.array([[0.008, 0.012] * 3 + [0.024, -0.064] * 7])
    found = read(look(d, DESIGN), np.array([20]), DESIGN, until=Until.SHARP)
    assert found.mean[0] < -DESIGN.margin
    assert found.low[0] > 0
    assert found.p_adjusted[0] < DESIGN.alpha
    assert SYMBOLS[found.symbol[0]] is Symbol.UNDECIDED
