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
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Record,
    SegmentEnded,
    TrialHistory,
    TrialPlanned,
    TrialStatus,
)
from tests.end_to_end.command import SHORT, nas, ranking, start
from tests.nas.journals import read_journal

TRIALS, EPOCHS = 10, 4

# A search of small networks in which the sampler has learnt for the last few candidates.
SEARCH = """
space:
  stem: {width: 4, depth: 1, stride: 2}
  head_size: 4
  stages:
    - {type: C, depth: {from: 1, to: 3}, width: [4, 8], stride: 1}
    - {type: [C, T], depth: [1, 2], width: {from: 8, to: 16, step: 4}}
data: {image_size: 16, train: 80, probe: 40, evaluation: 60}
training: {epochs: 2, batch_size: 16}
search: {candidates: 25, seeds: 1, lag: 2}
ranking: {metric: accuracy}
resources: {concurrent: 2}
tracking: {uri: "off"}
"""
CANDIDATES = 25
KILLED_AT = 23  # candidates planned: evolution has learnt since the 22nd, TPE since the 12th


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
    calm = ("--inline", "tracking.uri=off", "--study", "calm")
    nas("search", "quickstart", *SHORT, *calm, cwd=tmp_path)
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


def measured(history: TrialHistory) -> list[tuple[float, ...]]:
    """Return all that depends on what was trained, and not on when."""
    return [
        (e.step, e.train_loss, e.probe_loss, e.evaluation_loss, e.evaluation_accuracy)
        for e in history.epochs
    ]


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("sampler", "where"), [("tpe", ()), ("evolution", ("--inline",))])
def test_a_killed_search_proposes_what_an_undisturbed_one_does(tmp_path, sampler, where):
    (tmp_path / "open.yaml").write_text(SEARCH, encoding="utf-8")
    arguments = ("search", "open.yaml", f"search.sampler={sampler}", "--study")
    nas(*arguments, "calm", "--inline", cwd=tmp_path)
    study = tmp_path / "studies" / "hit"
    driver = start(*arguments, "hit", *where, cwd=tmp_path)
    try:
        wait_for(
            study, lambda records: sum(isinstance(r, TrialPlanned) for r in records) >= KILLED_AT
        )
    finally:
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
    planned = [r for r in read_journal(study / "journal") if isinstance(r, TrialPlanned)]
    assert len(planned) < CANDIDATES, "killed too late to test anything"

    nas("resume", "hit", *where, cwd=tmp_path)

    calm, hit = (open_study(tmp_path / "studies" / name).histories() for name in ("calm", "hit"))
    assert [h.trial for h in hit] == [h.trial for h in calm]
    assert len(calm) == CANDIDATES
    assert [measured(h) for h in hit] == [measured(h) for h in calm]
