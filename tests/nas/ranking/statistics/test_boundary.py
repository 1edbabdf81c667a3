"""The exact crossing probability against one that is known and one that is simulated."""

import numpy as np
import pytest
from scipy import stats

from nas.ranking.statistics.boundary import crossing


def test_one_look_is_a_lower_bound_and_the_sum_of_looks_an_upper_one():
    for nominal in (1e-6, 1e-3, 0.05, 0.3):
        found = crossing(nominal, (3, 4, 5), 6)
        assert np.all(found > nominal)
        assert np.all(found < nominal * np.array([4, 3, 2]))
        assert np.all(np.diff(found) < 0)  # fewer looks, fewer errors


def test_it_is_the_share_of_simulated_paths():
    d = np.random.default_rng(5).standard_normal((200_000, 8))
    significant = np.zeros(len(d), dtype=bool)
    for n in range(3, 9):
        significant |= stats.ttest_1samp(d[:, :n], 0.0, axis=1).pvalue <= 0.02
    # standard error 0.0005
    assert crossing(0.02, (3,), 8)[0] == pytest.approx(significant.mean(), abs=0.002)


@pytest.mark.parametrize(
    ("nominal", "firsts", "last"), [(0.4, (3,), 6), (0.0, (3,), 6), (0.1, (1,), 6), (0.1, (6,), 6)]
)
def test_what_has_no_bounds_is_refused(nominal, firsts, last):
    with pytest.raises(ValueError, match=r"must be in|2 <= first < last"):
        crossing(nominal, firsts, last)
