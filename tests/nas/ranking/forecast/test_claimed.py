"""At how many seeds one claim is made: as other code has it."""

from dataclasses import replace

import numpy as np
import pytest

from nas.ranking.forecast.claimed import claimed_at
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import KEPT, Design
from nas.spec.study import Correction

DESIGN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)


@pytest.mark.slow
def test_seeds_needed_are_those_of_earlier_simulations():
    """Some cells of a table that was computed with other code: median and 80 % of studies."""
    design = replace(DESIGN, alpha=0.05 / KEPT)  # it had all of alpha
    expected = {
        (0.002, Symbol.EQUIVALENT, 0.0): (7, 9),
        (0.003, Symbol.BETTER, 0.0075): (7, 8),
        (0.005, Symbol.BETTER, 0.014): (6, 8),
        (0.01, Symbol.BETTER, 0.014): (11, 14),
        (0.01, Symbol.MUCH_BETTER, 0.08): (6, 7),
        (0.005, Symbol.UNDECIDED, 0.0): (12, 16),
    }
    for (sd, symbol, gap), (median, eighty) in expected.items():
        off_intervals = symbol is Symbol.MUCH_BETTER  # as that code had it
        correction = Correction.BONFERRONI if off_intervals else Correction.HOLM
        plan = replace(design, correction=correction)
        at = claimed_at(gap, sd, symbol, plan, pairs=10, studies=4000, seed=0)
        ordered = np.sort(np.where(at == 0, 21, at))
        assert abs(ordered[2000] - median) <= 1
        assert abs(ordered[3200] - eighty) <= 1


def test_a_large_margin_takes_longer_in_the_family_of_better():
    """Its first step has a share of the level, where intervals had half of it."""
    at = {
        each: claimed_at(
            0.08,
            0.01,
            Symbol.MUCH_BETTER,
            replace(DESIGN, correction=each),
            pairs=10,
            studies=500,
            seed=0,
        )
        for each in Correction
    }
    assert np.median(at[Correction.HOLM]) > np.median(at[Correction.BONFERRONI]) >= 6
