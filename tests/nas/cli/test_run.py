"""The exit code of a search that has nothing to rank, and what is said of trials that failed."""

import shutil

import pytest

from nas.cli.main import run
from nas.study.folder import open_study
from nas.study.journal import Journal
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, StudyEnded, TrialPlanned
from tests.nas.conftest import SMALL
from tests.nas.journals import read_journal

HOT = ("training.learning_rate=1e12", "training.clip_norm=1e12", "search.seeds=1")
SWEEP = 'sweep={"key": "data.train", "values": [48, 80]}'


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def trial_of(record):
    return record.trial.id if isinstance(record, TrialPlanned) else getattr(record, "trial_id", "")


def ended(outcome, folder, study, *, spared=0):
    """A study whose trials, but for the first ones, ended so without having trained anything."""
    copy = folder / "s"
    shutil.copytree(study, copy)
    before = open_study(study).histories()
    kept = {history.trial.id for history in before[:spared]}
    records = read_journal(study / "journal")
    shutil.rmtree(copy / "journal")
    with Journal(copy / "journal") as journal:
        for record in records:
            if trial_of(record) in kept:
                journal.append(record)
        for history in before[spared:]:
            trial = history.trial
            journal.append(TrialPlanned(at=1.0, trial=trial))
            for attempt in (1, 2, 3):
                started = {"trial_id": trial.id, "attempt": attempt}
                journal.append(SegmentStarted(at=1.0, until_epoch=trial.epochs, **started))
                journal.append(SegmentEnded(at=1.0, outcome=outcome, message="why", **started))
        journal.append(StudyEnded(at=1.0))
    return copy


@pytest.mark.slow
def test_a_search_whose_trials_all_diverged_has_failed(tmp_path, capsys):
    study = tmp_path / "s"
    search = ["search", str(SMALL), *HOT, "--inline", "--quiet", "--study", str(study)]
    assert run(search) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == (
        f"nas: {study}: no trial is left to rank: 2 diverged; "
        "a lower training.learning_rate may help"
    )
    assert run(["resume", str(study), "--inline", "--quiet"]) == 1


@pytest.mark.slow
def test_so_has_a_sweep_but_only_if_it_holds_for_all_its_studies(tmp_path, capsys):
    study = tmp_path / "s"
    begin = ["search", str(SMALL), "--inline", "--quiet", "--study", str(study)]
    assert run([*begin, *HOT, SWEEP]) == 1
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "left to rank" in each]
    assert line.startswith(f"nas: {study}: no trial is left to rank: 4 diverged")
    rates = 'sweep={"key": "training.learning_rate", "values": [0.001, 1e12]}'
    begin[-1] = str(tmp_path / "both")
    assert run([*begin, "training.clip_norm=1e12", "search.seeds=1", rates]) == 0


@pytest.mark.slow
def test_failed_trials_are_named_with_what_tries_them_again(finished, tmp_path, capsys):
    study = ended(Outcome.FAILED, tmp_path, finished)
    resume = ["resume", str(study), "--inline", "--quiet"]
    again = f"`nas resume {study} --retry-failed` tries them again"
    assert run(resume) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last == f"nas: {study}: no trial is left to rank: 4 failed; {again}"
    assert run([*resume, "--retry-failed"]) == 0
    assert "failed;" not in capsys.readouterr().err
    assert {history.status.value for history in open_study(study).histories()} == {"finished"}


@pytest.mark.slow
def test_some_that_failed_are_said_and_the_rest_is_ranked(finished, tmp_path, capsys):
    study = ended(Outcome.FAILED, tmp_path, finished, spared=3)
    assert run(["resume", str(study), "--inline", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert "pairwise, in points" in captured.out
    assert captured.err.splitlines()[-1] == (
        f"nas: 1 of 4 trials failed; `nas resume {study} --retry-failed` tries them again"
    )


def test_changes_and_a_retry_are_two_commands(finished, capsys):
    assert run(["resume", str(finished), "search.seeds=3", "--retry-failed"]) == 2
    assert "--retry-failed: takes no changes with it" in capsys.readouterr().err
