"""A sweep on Ray: Ctrl-C in its second study says how to go on, and going on ends it."""

import json
import signal
import time

import pytest

from nas.study.records import EpochMeasured
from tests.end_to_end.command import nas, start
from tests.nas.conftest import SMALL, SWEPT
from tests.nas.journals import read_journal

INTERRUPTED = 130


def epochs(study):
    found = read_journal(study / "journal") if (study / "study.json").exists() else []
    return [(r.trial_id, r.epoch) for r in found if isinstance(r, EpochMeasured)]


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_and_resume(tmp_path):
    search = start("search", str(SMALL), *SWEPT, cwd=tmp_path)
    sweep = tmp_path / "studies" / "small"
    try:
        deadline = time.monotonic() + 360
        while not epochs(sweep / "data.train=80") and time.monotonic() < deadline:
            time.sleep(0.05)
        search.send_signal(signal.SIGINT)
        assert search.wait(timeout=60) == INTERRUPTED
    finally:
        search.kill()
        search.wait()
    said = (tmp_path / "stderr").read_text()
    assert "`nas resume studies/small` goes on" in said
    assert "Traceback" not in said
    rows = json.loads(nas("status", "small", "-o", "json", cwd=tmp_path).stdout)
    assert [row["status"] for row in rows] == ["finished", "interrupted"]
    before = epochs(sweep / "data.train=80")

    nas("resume", "small", "--inline", cwd=tmp_path)

    rows = json.loads(nas("status", "small", "-o", "json", cwd=tmp_path).stdout)
    assert [(row["status"], row["finished"]) for row in rows] == [("finished", 4)] * 2
    after = epochs(sweep / "data.train=80")
    assert after[: len(before)] == before
    assert len(set(after)) == len(after) == 12
