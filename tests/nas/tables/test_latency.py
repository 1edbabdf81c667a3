"""Latencies as a table: the fastest first, with sizes where the journal has them."""

import pandas as pd

from nas.tables.latency import latency_frame
from tests.nas.builders import trial
from tests.nas.study.test_latency import measurement


def test_the_fastest_comes_first_with_its_size():
    measured = measurement(batch=8)
    turned = dict(reversed(measured.latencies.items()))
    assert list(turned) == ["C-T", "C-C"]
    frame = latency_frame(measured, [trial(label="C-C", parameters=7, macs=9)])
    assert list(frame["label"]) == ["C-C", "C-T"]
    assert list(frame["images_per_second"]) == [4000.0, 2000.0]
    assert (frame["parameters"][0], frame["macs"][0]) == (7, 9)
    assert pd.isna(frame["parameters"][1])
