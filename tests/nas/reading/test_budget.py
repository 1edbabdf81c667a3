"""A study that its budget ended says so, and names a command that works."""

import pytest

from nas.cli.main import run
from nas.reading.budget import budget_ended
from nas.reading.target import open_target
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.records import StudyEnded, StudyExtended
from tests.nas.conftest import SMALL
from tests.nas.journals import STOPPED, journalled, read_journal


def test_nothing_is_said_where_no_budget_ended_it(tmp_path):
    spec = load_spec(str(SMALL), ["search.budget.epochs=900"])
    study = journalled(tmp_path / "s", STOPPED, spec=spec)
    assert budget_ended(study, None) == ""
    assert "search.budget.epochs=1800" in budget_ended(study, "epochs")


@pytest.mark.slow
def test_the_command_that_status_names_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = ["search.seeds=1", "search.budget.epochs=7", "ranking.metric=accuracy"]
    four = 'space.stages=[{"depth": 1, "width": 4}, {"depth": [1, 2], "width": 8}]'
    assert run(["search", str(SMALL), *asked, four, "--inline"]) == 0
    printed = capsys.readouterr()
    said = "its budget ended it (search.budget.epochs 7); `nas resume studies/small "
    assert f"{said}search.budget.epochs=14` goes on" in printed.out
    assert "86% of the budget" in printed.err
    assert run(["status", "small"]) == 0
    assert f"small: finished; {said}" in capsys.readouterr().out
    assert len(open_study(tmp_path / "studies/small").histories()) == 2
    before = read_journal(tmp_path / "studies/small/journal")
    assert before[-1] == StudyEnded(at=before[-1].at, budget="epochs")

    words = ["resume", "studies/small", "search.budget.epochs=14", "--inline", "--quiet"]
    assert run(words) == 0
    assert "its budget" not in capsys.readouterr().out
    records = read_journal(tmp_path / "studies/small/journal")
    (extension,) = (record for record in records if isinstance(record, StudyExtended))
    assert extension.changes == {"search.budget.epochs": 14}
    assert records[: len(before)] == before
    assert len(open_target("small").only_study("x").histories) == 4
