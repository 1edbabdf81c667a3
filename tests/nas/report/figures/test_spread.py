"""Bands say what they span."""

import numpy as np
import pandas as pd
import pytest

from nas.report.figures.spread import band_of


def epochs(**seeds):
    rows = [{"label": label, "seed": seed} for label, n in seeds.items() for seed in range(n)]
    return pd.DataFrame(rows * 2, columns=["label", "seed"])


@pytest.mark.parametrize(
    ("seeds", "span", "words"),
    [
        ({"A": 1, "B": 1}, (0.0, 1.0), "single runs"),
        ({"A": 3, "B": 3}, (0.0, 1.0), "from the lowest seed to the highest"),
        ({"A": 4, "B": 4}, (0.0, 1.0), "from the lowest seed to the highest"),
        ({"A": 5, "B": 5}, (0.25, 0.75), "quartiles"),
        ({"A": 20, "B": 20, "C": 2}, (0.25, 0.75), "quartiles"),
    ],
)
def test_quartiles_need_five_seeds(seeds, span, words):
    band = band_of(epochs(**seeds))
    assert (band.low, band.high) == span
    assert words in band.words


def test_a_band_is_taken_over_seeds():
    spread = band_of(epochs(A=5)).of(np.array([[1.0, 10], [2, 20], [3, 30], [4, 40], [5, 50]]))
    assert spread["low"].tolist() == [2, 20]
    assert spread["median"].tolist() == [3, 30]
    assert spread["high"].tolist() == [4, 40]
