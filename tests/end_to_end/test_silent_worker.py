"""A stopped worker costs a study its silence and nothing else; SIGHUP ends it in good order."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from nas.study.folder import open_study
from nas.study.records import Outcome, SegmentEnded, TrialStatus
from tests.end_to_end.command import SHORT, environment, nas, ranking, start
from tests.end_to_end.test_kill import EPOCHS, TRIALS, epochs_of, wait_for
from tests.nas.journals import read_journal

# `nas search`, but for the silence that is always allowed.
PATIENT = """
import json, sys
from contextlib import closing
from pathlib import Path
from nas.driver.display import Silent
from nas.driver.work import begin
from nas.execution.ray_executor import RayExecutor
from nas.spec.file import load_spec

with closing(RayExecutor(patience=6.0)) as executor:
    spec = load_spec("quickstart", tuple(json.loads(sys.argv[1])))
    begin(spec, folder=Path("studies/hit"), executor=executor, display=Silent())
"""


def workers(driver: int) -> list[psutil.Process]:
    """Return the processes that train: Ray calls functions that Tune runs so."""
    family = psutil.Process(driver).children(recursive=True)
    return [each for each in family if " ".join(each.cmdline()).startswith("ray::ImplicitFunc")]


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_stopped_worker_leaves_the_same_ranking(tmp_path: Path) -> None:
    changes = [*SHORT, "tracking.uri=off"]
    nas("search", "quickstart", *changes, "--inline", "--study", "calm", cwd=tmp_path)
    study = tmp_path / "studies" / "hit"
    driver = subprocess.Popen(
        [sys.executable, "-c", PATIENT, json.dumps(changes)], cwd=tmp_path, env=environment()
    )
    try:
        wait_for(study, lambda records: len(epochs_of(records)) >= 2)
        stopped = workers(driver.pid)[0]
        stopped.suspend()
        wait_for(study, lambda records: any(map(is_lost, records)), seconds=90)
        assert driver.wait(timeout=300) == 0
    finally:
        driver.kill()
        driver.wait()
    assert has_ended(stopped)
    histories = open_study(study).histories()
    assert [history.status for history in histories] == [TrialStatus.FINISHED] * TRIALS
    every = {(h.trial.id, epoch) for h in histories for epoch in range(1, EPOCHS + 1)}
    measured = epochs_of(read_journal(study / "journal"))
    assert set(measured) == every
    assert len(measured) == len(every), "no epoch twice"
    assert ranking("hit", cwd=tmp_path) == ranking("calm", cwd=tmp_path)


def is_lost(record: object) -> bool:
    return isinstance(record, SegmentEnded) and record.outcome is Outcome.LOST


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_terminal_that_goes_away_stops_a_study_in_good_order(tmp_path: Path) -> None:
    study = tmp_path / "studies" / "hup"
    driver = start(
        "search", "quickstart", *SHORT, "tracking.uri=off", "--study", "hup", cwd=tmp_path
    )
    try:
        wait_for(study, lambda records: len(epochs_of(records)) >= 2)
        os.kill(driver.pid, signal.SIGHUP)
        assert driver.wait(timeout=60) == 130
    finally:
        driver.kill()
        driver.wait()
    assert "`nas resume studies/hup` goes on" in (tmp_path / "stderr").read_text()
    assert not (study / "scratch").exists()
    ends = [r for r in read_journal(study / "journal") if isinstance(r, SegmentEnded)]
    assert Outcome.INTERRUPTED in {end.outcome for end in ends}
