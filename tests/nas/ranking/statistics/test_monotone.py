"""Interpolation between points never leaves what lies on either side."""

import numpy as np
import pytest

from nas.ranking.statistics.monotone import monotone


def test_it_passes_the_points_and_stays_between_them():
    x, y = [0.0, 1.0, 1.5, 4.0], [0.0, 0.1, 0.9, 1.0]
    read = monotone(x, y)(np.linspace(0.0, 4.0, 401))
    assert (np.diff(read) >= 0).all()
    assert monotone(x, y)(x) == pytest.approx(y)


def test_points_must_be_in_order():
    with pytest.raises(ValueError, match="increasing"):
        monotone([1.0, 0.0], [0.0, 1.0])
