"""Who gets the next seed."""

import numpy as np
import pytest

from nas.ranking.statistics.certificate import Design, Verdict
from nas.ranking.statistics.replication import extend
from nas.spec.study import Correction

PLAN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)
PAIRS = np.array([(0, 1), (0, 2), (1, 2)])


def verdict(is_open, chance=(1.0, 1.0, 1.0)):
    blank = np.zeros(3)
    return Verdict(
        n=blank,
        mean=blank,
        sd=blank,
        low=blank,
        high=blank,
        p_adjusted=blank,
        symbol=blank,
        chance=np.array(chance),
        open=np.array(is_open),
    )


@pytest.mark.parametrize(
    ("is_open", "runs", "expected"),
    [
        ((False, False, False), (6, 6, 6), (False, False, False)),
        ((True, False, False), (6, 6, 6), (True, True, False)),
        ((True, False, False), (9, 6, 6), (False, True, False)),
        ((False, True, False), (6, 6, 9), (True, False, False)),
        ((True, False, True), (8, 7, 9), (False, True, False)),
        ((True, True, True), (20, 19, 20), (False, True, False)),
        ((True, True, True), (20, 20, 20), (False, False, False)),
    ],
)
def test_the_member_of_an_open_pair_with_fewer_seeds(is_open, runs, expected):
    found = extend(verdict(is_open), np.array(runs), PAIRS, PLAN)
    assert tuple(found.tolist()) == expected


def test_a_pair_that_will_hardly_close_gets_nothing():
    runs = np.array([6, 6, 6])
    found = extend(verdict((True, True, False), (0.19, 0.2, 1.0)), runs, PAIRS, PLAN)
    assert found.tolist() == [True, False, True]
    found = extend(
        verdict((True, True, False), (0.19, 0.2, 1.0)), runs, PAIRS, PLAN, least_chance=0.0
    )
    assert found.tolist() == [True, True, True]


def test_a_withheld_pair_gets_nothing():
    found = extend(
        verdict((True, True, True)),
        np.array([6, 6, 6]),
        PAIRS,
        PLAN,
        closed=np.array([True, False, True]),
    )
    assert found.tolist() == [True, False, True]
