"""What is read at a rung rests on the epochs up to there alone."""

from dataclasses import replace

import numpy as np
import pytest

from nas.search.allocation.readings import Readings
from nas.spec.choices import RungMetric
from tests.nas.search.allocation.climbing import history

VALUES = [0.2, 0.5, 0.4, 0.45, 0.6, 0.9]


def read(metric: RungMetric, values=VALUES, epoch: int = 4) -> float:
    return Readings(metric).at(history("C-T", values), epoch)


def test_last_and_best():
    assert read(RungMetric.LAST) == 0.45
    assert read(RungMetric.BEST) == 0.5


def test_area_is_larger_for_losses_that_fall_sooner():
    there = history("C-T", VALUES)
    losses = [epoch.probe_loss for epoch in there.epochs[:4]]
    assert read(RungMetric.AREA) == pytest.approx(-np.mean(np.log(losses)))
    sooner = replace(there, epochs=tuple(replace(e, probe_loss=0.1) for e in there.epochs))
    assert Readings(RungMetric.AREA).at(sooner, 4) > read(RungMetric.AREA)
    none = replace(there, epochs=tuple(replace(e, probe_loss=0.0) for e in there.epochs))
    assert np.isfinite(Readings(RungMetric.AREA).at(none, 4))


@pytest.mark.parametrize("metric", RungMetric)
def test_what_comes_after_the_rung_has_no_say(metric):
    assert read(metric) == read(metric, [*VALUES[:4], 0.1, 0.1])


@pytest.mark.parametrize(("level", "slope", "power"), [(0.9, 0.5, 0.7), (0.8, 0.4, 1.5)])
def test_a_power_law_is_found_again(level, slope, power):
    times = np.arange(1, 21)
    values = (level - slope * times**-power).tolist()
    assert read(RungMetric.EXTRAPOLATED, values, epoch=6) == pytest.approx(values[-1], abs=1e-3)


@pytest.mark.parametrize(
    ("values", "epoch"), [([0.2, 0.5, 0.9, 0.9, 0.9], 3), ([0.9, 0.8, 0.7, 0.6, 0.5], 4),
                          ([0.5] * 5, 4)]
)  # fmt: skip
def test_where_no_power_law_fits_the_accuracy_there_is_read(values, epoch):
    assert read(RungMetric.EXTRAPOLATED, values, epoch) == pytest.approx(values[epoch - 1])


def test_no_accuracy_is_foretold_above_one():
    assert read(RungMetric.EXTRAPOLATED, [0.1, 0.4, 0.7, 0.99, 1.0, 1.0]) <= 1.0
