"""Shares of resamples: one for who always is on the front, none of too few seeds."""

from nas.ranking.resampling import shares_on_front
from nas.spec.choices import Price

COSTS = {"A": {Price.MACS: 1.0}, "B": {Price.MACS: 2.0}, "C": {Price.MACS: 2.0}}


def test_who_always_leads_is_always_there_and_seeds_are_paired():
    scores = {
        "A": {0: 0.1, 1: 0.9, 2: 0.5},
        "B": {0: 0.2, 1: 1.0, 2: 0.6},  # always above A by 0.1, however A scatters
        "C": {0: 0.15, 1: 0.95, 2: 0.7},  # above B in one seed of three
    }
    found = shares_on_front(scores, COSTS)
    assert found["A"] == 1.0
    assert 0.3 < found["B"] < 0.9
    assert 0.1 < found["C"] < 0.8
    assert found == shares_on_front(scores, COSTS)


def test_two_seeds_say_nothing():
    assert shares_on_front({"A": {0: 0.1, 1: 0.2}}, COSTS) == {}
    assert shares_on_front({"A": {0: 0.1, 1: 0.2, 2: 0.1}, "B": {0: 0.1}}, COSTS) == {}
    assert shares_on_front({}, {}) == {}
