"""Mean and deviation are of all pixels of a channel."""

import numpy as np

from nas.data.statistics import statistics_of


def test_statistics_of_one_colour_do_not_divide_by_zero() -> None:
    mean, std = statistics_of([np.zeros((5, 2, 3, 3), dtype=np.uint8)])
    assert mean == (0.0, 0.0)
    assert min(std) > 0
