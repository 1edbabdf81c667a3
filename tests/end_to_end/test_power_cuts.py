"""Folders that a power cut may leave of a study, opened and trained to the end.

`python -m benchmarks.crash_states` opens more than ten thousand; a sample of them fits here.
"""

import random
import shutil

import pytest

from benchmarks.crash_model import Disk
from benchmarks.crash_states import Checker, Moment, moments, record
from benchmarks.crash_trace import Cut, Make, Sync, Write

SAMPLE = 60


def drawn(steps) -> list[Moment]:
    return random.Random(1).sample(list(moments(steps, 1)), SAMPLE)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_acknowledged_is_lost_doubled_or_redone(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    (tmp_path / "root").mkdir()
    steps, checker = record(tmp_path.resolve() / "root", tmp_path), Checker()
    assert [found for each in drawn(steps) if (found := checker.check(each))] == []
    # The check can fail: without syncs of folders some names are lost.
    folders = {step.node for step in steps if isinstance(step, Make) and step.folder}
    unsynced = [s for s in steps if not (isinstance(s, Sync) and s.node in folders)]
    assert any(checker.check(each) for each in drawn(unsynced))


def test_a_disk_leaves_what_was_synced_and_parts_of_what_was_not():
    disk = Disk()
    for step in (Make("f", 1, folder=False), Write(1, 0, b"safe"), Sync(1), Sync(0)):
        disk.apply(step)
    disk.apply(Write(1, 4, b"later"))
    found = {state.files[0][1] for state in disk.states(random.Random(0))}
    assert {b"safe", b"safelater", b"safel", b"safe" + 5 * b"\0"} <= found
    assert all(content.startswith(b"safe") for content in found)
    disk.apply(Cut(1, 2))
    assert b"sa" in {state.files[0][1] for state in disk.states(random.Random(0))}
    disk.apply(Make("g", 2, folder=False))
    assert {len(state.files) for state in disk.states(random.Random(0))} == {1, 2}
