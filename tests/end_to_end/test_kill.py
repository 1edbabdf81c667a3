"""`kill -9` of a worker and of the driver in mid-study costs nothing that anyone can see."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from nas.study.folder import open_study
from nas.study.journal import is_held
from nas.study.records import EpochMeasured, Outcome, Record, SegmentEnded, TrialStatus
from tests.end_to_end.command import SHORT, nas, ranking, start
from tests.nas.journals import read_journal

TRIALS, EPOCHS = 10, 4


def wait_for(study: Path, enough: Callable[[list[Record]], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if enough(read_journal(study / "journal")):
            return
        time.sleep(0.02)
    pytest.fail("the study did not get that far")


def epochs_of(records: list[Record]) -> list[tuple[str, int]]:
    return [(r.trial_id, r.epoch) for r in records if isinstance(r, EpochMeasured)]


def kill_a_worker(driver: int) -> None:
    """Kill one of the processes that train: Ray calls functions that Tune runs so."""
    for process in psutil.Process(driver).children(recursive=True):
        title = " ".join(process.cmdline())
        if title.startswith("ray::ImplicitFunc"):
            process.kill()
            return
    pytest.fail("no worker to kill")


def mlflow_epochs(database: Path) -> list[tuple[str, int]]:
    """Return (trial, step) of every row of the evaluation accuracy, straight from the tables."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "select tags.value, metrics.step from metrics join tags using (run_uuid)"
            " where metrics.key = 'eval/accuracy' and tags.key = 'nas.trial_id'"
        ).fetchall()
        runs = connection.execute("select count(*) from tags where key = 'nas.trial_id'").fetchone()
    assert runs == (TRIALS,)
    return rows


@pytest.mark.ray
@pytest.mark.mlflow
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_worker_and_driver_leave_the_same_ranking(tmp_path):
    nas("search", "quickstart", *SHORT, "--study", "calm", cwd=tmp_path)
    study = tmp_path / "studies" / "hit"
    driver = start("search", "quickstart", *SHORT, "--study", "hit", cwd=tmp_path)
    try:
        wait_for(study, lambda records: len(epochs_of(records)) >= 2)
        kill_a_worker(driver.pid)
        wait_for(
            study,
            lambda records: any(
                isinstance(r, SegmentEnded) and r.outcome is Outcome.LOST for r in records
            ),
        )
        lost = len(epochs_of(read_journal(study / "journal")))
        wait_for(study, lambda records: len(epochs_of(records)) >= lost + 3)
    finally:
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
    before = epochs_of(read_journal(study / "journal"))
    assert lost + 3 <= len(before) < TRIALS * EPOCHS, "killed too late to test anything"
    assert not is_held(study / "journal")
    assert "interrupted" in nas("status", "hit", cwd=tmp_path).stdout

    nas("resume", "hit", cwd=tmp_path)

    histories = open_study(study).histories()
    assert [history.status for history in histories] == [TrialStatus.FINISHED] * TRIALS
    after = epochs_of(read_journal(study / "journal"))
    assert after[: len(before)] == before, "what was acknowledged is still there"
    every = {(h.trial.id, epoch) for h in histories for epoch in range(1, EPOCHS + 1)}
    assert set(after) == every
    assert len(after) == len(every), "no epoch twice"
    assert sorted(mlflow_epochs(study / "mlflow.db")) == sorted(every)
    assert ranking("hit", cwd=tmp_path) == ranking("calm", cwd=tmp_path)
