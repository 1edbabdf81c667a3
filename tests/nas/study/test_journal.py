"""The journal keeps what it acknowledged, repairs what it did not, and notices every alteration."""

import fcntl
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import JournalCorruptError, JournalError, MachineError
from nas.study.journal import (
    FILE,
    START,
    Journal,
    decode,
    encode,
    is_held,
    read_from,
)
from nas.study.records import (
    BaselineConfig,
    EpochMeasured,
    Outcome,
    SegmentEnded,
    SegmentStarted,
    TrialPlanned,
)
from tests.nas.builders import measured, planned
from tests.nas.journals import read_journal

BASELINE = BaselineConfig(
    network="timm/test_vit", options='{"depth": 2}', image_size=8, in_channels=1, classes=3
)

IO = Path("/proc/self/io")


def ended(number: int) -> SegmentEnded:
    return SegmentEnded(at=float(number), trial_id="0001-C-s0", attempt=1, outcome=Outcome.LOST)


@pytest.mark.parametrize(
    "record",
    [
        planned(1),
        planned(1, config=BASELINE),
        SegmentStarted(at=1.5, trial_id="0001-C-s0", attempt=2, until_epoch=5),
        measured("0001-C-s0", 3),
        SegmentEnded(at=2.0, trial_id="x", attempt=1, outcome=Outcome.DIVERGED, message='a\n"≈"'),
    ],
    ids=lambda record: record.kind,
)
def test_codec_round_trip(record):
    line = encode(record)
    assert b"\n" not in line
    assert decode(line) == record
    assert type(decode(line)) is type(record)


def test_codec_keeps_floats_exactly():
    record = measured("t", 1, probe_loss=0.1 + 0.2)
    copy = decode(encode(record))
    assert isinstance(copy, EpochMeasured)
    assert copy.probe_loss == 0.1 + 0.2


def test_ends_of_segments_written_by_0_1_are_read_without_their_epoch():
    text = (
        b'{"kind":"ended","at":2.5,"trial_id":"x","attempt":1,"outcome":"finished","epoch":3,'
        b'"message":""}'
    )
    assert decode(text) == SegmentEnded(at=2.5, trial_id="x", attempt=1, outcome=Outcome.FINISHED)


def test_appended_records_are_read_back(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.append(ended(number))
    assert read_journal(tmp_path) == [ended(0), ended(1), ended(2)]
    with Journal(tmp_path) as journal:
        assert journal.records == [ended(0), ended(1), ended(2)]
        journal.append(ended(3))
    assert [record.at for record in read_journal(tmp_path)] == [0, 1, 2, 3]


def test_a_missing_journal_is_empty(tmp_path):
    assert read_journal(tmp_path) == []


def test_every_truncation_opens_and_loses_only_whole_tail_records(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(4):
            journal.append(ended(number))
    whole = (tmp_path / FILE).read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(len(whole)):
        (tmp_path / FILE).write_bytes(whole[:size])
        complete = sum(end <= size for end in ends)
        with Journal(tmp_path) as journal:
            assert len(journal.records) == complete
            journal.append(ended(9))
        assert len(read_journal(tmp_path)) == complete + 1


def test_a_tail_that_a_power_cut_left_as_zeros_is_cut_off(tmp_path):
    before, whole = journal_of(1, tmp_path / "one"), journal_of(2, tmp_path / "two")
    for kept in range(len(before), len(whole)):
        folder = tmp_path / f"cut-{kept}"
        folder.mkdir()
        (folder / FILE).write_bytes(whole[:kept].ljust(len(whole), b"\0"))
        assert [record.at for record in read_journal(folder)] == [0]
        with Journal(folder) as journal:
            journal.append(ended(7))
        assert [record.at for record in read_journal(folder)] == [0, 7]


def test_every_flipped_bit_is_noticed(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.append(ended(number))
    whole = (tmp_path / FILE).read_bytes()
    for position in random.Random(0).sample(range(len(whole) * 8), 400):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        (tmp_path / FILE).write_bytes(flipped)
        with pytest.raises(JournalCorruptError):
            read_journal(tmp_path)
    newline = bytearray(whole)
    newline[-1] ^= 1
    (tmp_path / FILE).write_bytes(newline)
    with pytest.raises(JournalCorruptError):
        Journal(tmp_path)


def test_a_dropped_record_is_noticed(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.append(ended(number))
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalCorruptError, match=r"records\.jsonl:2"):
        read_journal(tmp_path)


def test_one_writer_at_a_time(tmp_path):
    assert not is_held(tmp_path)
    with Journal(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(JournalError, match="another driver"):
            Journal(tmp_path)
    assert not is_held(tmp_path)
    Journal(tmp_path).close()


def test_someone_who_only_asks_does_not_turn_a_driver_away(tmp_path):
    Journal(tmp_path).close()
    with (tmp_path / "lock").open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.3, fcntl.flock, (asking, fcntl.LOCK_UN)).start()
        Journal(tmp_path).close()


@pytest.mark.parametrize("cuts", [True, False])
def test_a_refused_write_leaves_the_journal_as_it_was(tmp_path, monkeypatch, cuts):
    journal = Journal(tmp_path)
    journal.append(ended(0))
    real, truncate = os.write, os.ftruncate

    def torn(descriptor, data):
        real(descriptor, data[: -len(data) // 8])  # longer than the next record
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", torn)
    if not cuts:
        monkeypatch.setattr(os, "ftruncate", lambda *_: Path("/dev/null/none").stat())
    with pytest.raises(MachineError, match=r"No space left on device .*bytes free.*nas resume"):
        journal.append(replace(ended(1), message="m" * 500))
    assert [record.at for record in read_journal(tmp_path)] == [0]
    monkeypatch.setattr(os, "write", real)
    monkeypatch.setattr(os, "ftruncate", truncate)
    journal.append(ended(2))
    journal.close()
    assert [record.at for record in read_journal(tmp_path)] == [0, 2]


def journal_of(count, folder):
    """The bytes of a journal of so many records."""
    with Journal(folder) as journal:
        for number in range(count):
            journal.append(ended(number))
    return (folder / FILE).read_bytes()


def test_reading_on_at_every_byte_equals_reading_the_whole(tmp_path):
    whole = journal_of(5, tmp_path)
    (tmp_path / FILE).unlink()
    followed, position = read_from(tmp_path, START)
    for size in range(len(whole) + 1):
        (tmp_path / FILE).write_bytes(whole[:size])
        records, position = read_from(tmp_path, position)
        followed += records
        assert followed == read_journal(tmp_path)
    assert position == read_from(tmp_path, START)[1]
    assert (position.size, position.records) == (len(whole), 5)


def test_reading_on_in_steps_of_any_size_equals_reading_the_whole(tmp_path):
    whole = journal_of(20, tmp_path)
    random_ = random.Random(0)
    for _ in range(50):
        followed, position, size = [], START, 0
        while size < len(whole):
            size = min(size + random_.choice((1, 50, 150, 700)), len(whole))
            (tmp_path / FILE).write_bytes(whole[:size])
            records, position = read_from(tmp_path, position)
            followed += records
        assert followed == read_journal(tmp_path)


def test_what_is_altered_behind_a_position_is_noticed_and_named(tmp_path):
    lines = journal_of(4, tmp_path).splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(b"".join(lines[:2]))
    _, position = read_from(tmp_path, START)
    for altered in (lines[3], lines[2].replace(b"lost", b"LOST"), lines[2][:-1] + b"\x0b"):
        (tmp_path / FILE).write_bytes(b"".join([*lines[:2], altered]))
        with pytest.raises(JournalCorruptError, match=r"records\.jsonl:3: checksum"):
            read_from(tmp_path, position)


@pytest.mark.parametrize("left", [0, 10, None])
def test_a_journal_that_became_shorter_is_one_line(tmp_path, left):
    whole = journal_of(3, tmp_path)
    _, position = read_from(tmp_path, START)
    if left is None:
        (tmp_path / FILE).unlink()
    else:
        (tmp_path / FILE).write_bytes(whole[:left])
    with pytest.raises(JournalError, match=r"were read before: .*; open the study again") as caught:
        read_from(tmp_path, position)
    assert str(caught.value).startswith(f"{tmp_path / FILE}: has {left or 0} bytes")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not IO.exists(), reason="only Linux counts what a process reads")
def test_ten_thousand_records_read_one_at_a_time_are_each_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    position, before = START, bytes_read()
    with Journal(tmp_path) as journal:
        for number in range(10_000):
            journal.append(ended(number))
            records, position = read_from(tmp_path, position)
            assert records == [ended(number)]
    read = bytes_read() - before
    assert position.size <= read < 2 * position.size


def bytes_read():
    """Bytes that this process has read from files, pipes and sockets."""
    return int(IO.read_text().split()[1])


WRITER = """
import sys
from pathlib import Path
from nas.study.journal import Journal
from nas.study.records import Outcome, SegmentEnded
with Journal(Path(sys.argv[1])) as journal:
    for number in range(10**6):
        journal.append(SegmentEnded(at=float(number), trial_id="t", attempt=1,
                                    outcome=Outcome.LOST))
        print(number, flush=True)
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill(tmp_path):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.2)
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged = 1 + len([line for line in writer.stdout if line.endswith("\n")])
    writer.stdout.close()
    writer.wait()
    records = read_journal(tmp_path)
    assert len(records) >= acknowledged > 1
    assert not is_held(tmp_path)


def test_planned_records_carry_the_whole_network():
    record = decode(encode(planned(7)))
    assert isinstance(record, TrialPlanned)
    assert record.trial.config.layout == "C"


STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"


@pytest.mark.parametrize("name", ["finished", "interrupted"])
def test_networks_of_earlier_releases_are_written_as_they_were(name):
    """A checkpoint knows its network by what is written."""
    lines = (STUDIES / name / "journal" / FILE).read_text(encoding="utf-8").splitlines()
    plans = [line.split(" ", 2)[2] for line in lines if '"kind":"planned"' in line]
    assert plans
    for text in plans:
        start, end = text.index('"config":{'), text.index(',"parameters"')
        assert text[start:end] in encode(decode(text)).decode()
