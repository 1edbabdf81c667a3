"""What draws say of a count: within what is proven, and right as often as promised."""

import numpy as np

from nas.space.counting.estimates import certain, estimated


def made(kept: int, tries: int, low: int = 10, high: int = 1_000_000):
    return estimated((low, high), (3,), kept=kept, tries=tries, forecast=lambda: 321)


def test_the_share_that_is_kept_is_the_estimate():
    found = made(5_000, 20_000)
    assert found.value == 250_000
    assert 10 < found.likely_low < 250_000 < found.likely_high < 1_000_000
    assert 0.03 < found.likely_error < 0.06 < found.error
    assert not found.exact


def test_what_is_proven_bounds_what_is_likely():
    found = made(5_000, 20_000, low=249_000, high=1_000_000)
    assert (found.likely_low, found.value) == (249_000, 250_000)
    assert made(20_000, 20_000).likely_high == 1_000_000
    assert made(0, 0).likely_low == 10


def test_too_few_say_little_and_the_forecast_stands():
    assert made(3, 20_000).value == 321
    none = made(0, 20_000)
    assert (none.likely_low, none.value) == (10, 321)
    assert none.likely_high < 1_000


def test_the_interval_holds_the_number_nearly_always():
    kept = np.random.default_rng(0).binomial(1000, 0.3, 5000)
    held = [f.likely_low <= 300_000 <= f.likely_high for f in (made(int(k), 1000) for k in kept)]
    assert np.mean(held) > 0.997


def test_numbers_beyond_a_float_keep_their_digits():
    found = estimated((0, 10**400), (1,), kept=1, tries=1, forecast=lambda: 10**399)
    assert found.likely_low < found.value < found.likely_high == 10**400


def test_a_certain_count_has_no_error():
    found = certain(7, 2)
    assert found.exact
    assert (found.error, found.likely_error, found.resolution) == (0, 0, (0, 0))
