"""Which of the measurements that a study keeps is read."""

import pytest

from nas.errors import NotFoundError
from nas.reading.latency import latencies, newest
from nas.study.latency import record
from tests.nas.journals import PAUSED, journalled
from tests.nas.study.test_latency import measurement


@pytest.fixture
def study(tmp_path):
    return journalled(tmp_path / "s", PAUSED)


def test_the_newest_that_fits_is_read_by_label(study):
    cpu, gpu = measurement(), measurement("NVIDIA H100", ms=0.5)
    for each in (cpu, gpu, measurement(batch=64)):
        record(study.folder, each)
    assert latencies(study) == gpu.latencies
    assert latencies(study, device="this cpu") == cpu.latencies
    assert newest(study, batch=64).batch == 64
    assert latencies(study)["C-T"].milliseconds == 1.0


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, r"no latency of 1 image was measured: `nas latency \S+s` does"),
        ({"device": "H100"}, "no latency of 1 image was measured on 'H100'"),
        ({"batch": 8}, r"no latency of 8 images was measured: `nas latency \S+s --batch 8` does"),
    ],
)
def test_what_was_not_measured_names_the_command(study, asked, words):
    if asked:
        record(study.folder, measurement())
    with pytest.raises(NotFoundError, match=words):
        latencies(study, **asked)
