"""What a study leaves when it has ended; all of it can be made again."""

import shutil
import sqlite3
from dataclasses import replace

import pytest

from nas.driver.conclusion import WINNER, artifacts, conclude
from nas.driver.study import sync_study
from nas.driver.sweep import _complete
from nas.reading.study import REPORT, rank_study
from nas.study.folder import open_study
from nas.study.records import TrialStatus
from nas.study.state import StudyState
from tests.nas.journals import read_journal

pytestmark = pytest.mark.slow


def test_views_are_made_anew_from_the_journal(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    for view in ("tables", "export"):
        shutil.rmtree(folder / view)
    (folder / REPORT).unlink()
    study = open_study(folder)
    concluded = conclude(study, study.histories())
    assert concluded.ranking == rank_study(study, study.histories())
    assert concluded.report == folder / REPORT
    assert concluded.exported is not None
    assert concluded.exported.folder == folder / WINNER
    assert (folder / WINNER / "model.safetensors").is_file()
    assert {path.stem for path in (folder / "tables").iterdir()} == {
        "trials", "epochs", "ranking", "relations",
    }  # fmt: skip


def test_nothing_finished_exports_nothing(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "export")
    study = open_study(folder)
    begun = [record for record in read_journal(study.journal) if record.kind == "planned"]
    histories = StudyState(begun).histories()
    assert {history.status for history in histories} == {TrialStatus.PLANNED}
    concluded = conclude(study, histories)
    assert concluded.exported is None
    assert not (folder / "export").exists()
    assert concluded.ranking.layouts == ()


@pytest.mark.parametrize("before", [True, False])
def test_without_its_checkpoint_all_but_the_winner_is_made(finished, tmp_path, before):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "trials")
    if not before:
        shutil.rmtree(folder / "export")
    (folder / REPORT).unlink()
    study = open_study(folder)
    concluded = conclude(study, study.histories())
    assert concluded.exported is None
    assert concluded.unexported.startswith("the winner cannot be exported")
    assert ("stays as it was" in concluded.unexported) is before
    assert concluded.report.is_file()
    assert _complete(study, retry_failed=False)
    assert (folder / WINNER / "model.safetensors").exists() is before


@pytest.mark.mlflow
def test_sync_needs_no_checkpoint_and_leaves_no_run_running(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    text = (folder / "study.json").read_text()
    (folder / "study.json").write_text(text.replace('"uri": "off"', '"uri": null'))
    study = open_study(folder)
    shutil.rmtree(study.trials)
    conclusion = sync_study(study)
    assert (conclusion.warning, conclusion.exported) == ("", None)
    assert "no intact checkpoint" in conclusion.unexported
    with sqlite3.connect(folder / "mlflow.db") as database:
        found = database.execute("SELECT DISTINCT status FROM runs").fetchall()
    assert found == [("FINISHED",)]


def test_mlflow_is_given_report_spec_and_the_winners_card(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    concluded = conclude(study, study.histories())
    files = artifacts(study, concluded)
    names = ["report.html", "spec.json", "README.md", "layout.svg", "preprocessing.json"]
    assert [file.name for file in files] == names
    assert all(file.is_file() for file in files)
    assert [f.name for f in artifacts(study, replace(concluded, exported=None))] == names[:2]


def test_a_spec_that_may_hold_a_password_is_not_given(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    concluded = conclude(study, study.histories())
    tracking = study.spec.tracking.model_copy(update={"uri": "https://me:word@host"})
    secret = replace(study, spec=study.spec.model_copy(update={"tracking": tracking}))
    assert "spec.json" not in [file.name for file in artifacts(secret, concluded)]
