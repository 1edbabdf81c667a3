"""Commands that read a study work on one that an earlier release wrote, and change nothing."""

import json
import shutil
from pathlib import Path

import pytest

from nas.cli.main import run

STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return shutil.copytree(STUDIES / "finished", tmp_path / "finished")


def test_trials_and_studies_are_listed(study, capsys):
    assert run(["status", str(study), "-o", "json"]) == 0
    trials = json.loads(capsys.readouterr().out)
    assert {trial["status"] for trial in trials} == {"finished"}
    assert run(["ls", str(study.parent), "-o", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["study"], row["status"], row["trials"]) == ("finished", "finished", len(trials))


def test_the_report_goes_where_it_is_asked_for(study, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert run(["report", str(study), "--to", str(page)]) == 0
    assert str(page) in capsys.readouterr().out
    assert "<script" in page.read_text(encoding="utf-8")


def test_the_winner_goes_where_it_is_asked_for(study, tmp_path, capsys):
    assert run(["export", str(study), "--to", str(tmp_path / "model")]) == 0
    assert "model" in capsys.readouterr().out
    assert (tmp_path / "model" / "model.safetensors").is_file()


def test_reading_leaves_the_journal_as_it_is(study, capsys):
    before = (study / "journal" / "records.jsonl").read_bytes()
    for command in ("status", "rank"):
        assert run([command, str(study)]) == 0
    assert (study / "journal" / "records.jsonl").read_bytes() == before
