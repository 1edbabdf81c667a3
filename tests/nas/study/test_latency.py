"""Measured latencies, kept in the study's folder and read back."""

import json
from dataclasses import replace

import pytest

from nas.errors import SpecError
from nas.study.latency import FILE, Latency, Measurement, record, recorded


def measurement(device: str = "this CPU, 1 thread", batch: int = 1, *, ms: float = 2.0):
    return Measurement(
        device=device,
        batch=batch,
        precision="float32",
        turns=21,
        at=1.8e9,
        load=0.25,
        versions={"torch": "2.13"},
        latencies={
            label: Latency(milliseconds=ms * k, low=ms, high=9 * ms, device=device, batch=batch)
            for k, label in enumerate(("C-C", "C-T"), start=1)
        },
    )


def test_what_was_measured_is_read_back_whole(tmp_path):
    assert recorded(tmp_path) == ()
    first, second = measurement(), measurement("GPU", batch=64)
    record(tmp_path, first)
    record(tmp_path, second)
    assert recorded(tmp_path) == (first, second)


def test_a_newer_one_of_the_same_device_and_batch_takes_its_place_at_the_end(tmp_path):
    old, other, new = measurement(), measurement(batch=8), measurement(ms=3.0)
    for each in (old, other, new):
        record(tmp_path, each)
    assert recorded(tmp_path) == (other, new)
    record(tmp_path, replace(new, precision="bfloat16"))
    assert len(recorded(tmp_path)) == 3


def test_images_per_second_are_of_whole_batches():
    assert measurement(batch=64, ms=4.0).latencies["C-C"].images_per_second == 16_000
    assert measurement(ms=4.0).latencies["C-T"].images_per_second == 125


def test_it_says_where_and_how():
    assert measurement(batch=2).words() == (
        "forward passes of 2 images on this CPU, 1 thread, float32; medians of 21 turns, with "
        "their intervals at 95 %; 2027-01-15"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no latencies: remove it"),
        ("[]", "has no latencies: remove it"),
        ('{"format": 1, "measured": [{"device": "x"}]}', "has no latencies: remove it"),
        ('{"format": 2}', "is of format 2, not 1"),
    ],
)
def test_a_file_that_is_none_is_one_line_and_stays(tmp_path, text, words):
    (tmp_path / FILE).write_text(text)
    for act in (lambda: recorded(tmp_path), lambda: record(tmp_path, measurement())):
        with pytest.raises(SpecError, match=words) as caught:
            act()
        assert str(caught.value).startswith(str(tmp_path / FILE))
    assert (tmp_path / FILE).read_text() == text


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(SpecError, match=r"latency\.json: cannot be written"):
        record(tmp_path / "none", measurement())


def test_numbers_keep_their_digits(tmp_path):
    record(tmp_path, measurement(ms=0.1 + 0.2))
    values = json.loads((tmp_path / FILE).read_text())
    assert values["measured"][0]["milliseconds"]["C-C"][0] == 0.1 + 0.2
