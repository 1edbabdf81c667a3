"""More seeds are promised where a claim would be made, and only there."""

import numpy as np
from scipy import stats

from nas.ranking.statistics.certificate import KEPT, Design
from nas.ranking.statistics.foresight import seeds_needed
from nas.ranking.statistics.levels import levels
from nas.spec.study import Correction, Until

PLAN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)


def test_seeds_needed_is_where_a_claim_is_made():
    """A pair that keeps its mean and sd closes exactly there."""
    plan = PLAN
    for mean, sd, until in (
        (0.008, 0.006, Until.SHARP),
        (0.0, 0.003, Until.SHARP),
        (0.002, 0.007, Until.SETTLED),
    ):
        needed = seeds_needed(mean, sd, 6, plan, 10, until=until)
        assert 6 < needed <= 20
        for n, closed in ((needed - 1, False), (needed, True)):
            half = stats.t.isf(levels(6, 20).nominal(KEPT * 0.005) / 2, n - 1) * sd / np.sqrt(n)
            one_sided = stats.t.isf(levels(6, 20).nominal(KEPT * 0.01) / 2, n - 1) * sd / np.sqrt(n)
            claims = {
                (0.008, Until.SHARP): half < mean,
                (0.0, Until.SHARP): one_sided < 0.005,
                (0.002, Until.SETTLED): half < mean + 0.005,
            }
            assert claims[mean, until] == closed


def test_seeds_needed_when_nothing_helps():
    plan = PLAN
    assert seeds_needed(0.005, 0.01, 6, plan, 10, until=Until.SHARP) is not None
    assert seeds_needed(0.0049999, 0.01, 6, plan, 10, until=Until.SHARP) is None
    assert seeds_needed(0.0, np.nan, 1, plan, 10, until=Until.SETTLED) is None
    assert seeds_needed(0.0, 0.3, 6, plan, 10, until=Until.SETTLED) is None
    assert seeds_needed(0.5, 0.001, 2, plan, 10, until=Until.SETTLED) == 6  # the first look
