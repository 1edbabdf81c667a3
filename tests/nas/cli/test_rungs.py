"""`nas rungs` and `nas replay` on studies that an earlier release wrote, and on one with rungs."""

import json
import shutil
from pathlib import Path

import pytest

from nas.cli.main import run
from nas.spec.file import load_spec
from nas.study.records import (
    Outcome,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialPlanned,
    TrialStopped,
)
from tests.nas.builders import measured, trial
from tests.nas.conftest import SMALL
from tests.nas.journals import journalled

STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"
HALVING = "search.allocation={kind: halving, first: 1, reduction: 2, strata: none, controls: 0.0}"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return shutil.copytree(STUDIES / "finished", tmp_path / "finished")


def halved(folder: Path) -> Path:
    """A study whose second candidate was stopped at epoch 1."""
    records = []
    for number, (label, accuracy) in enumerate((("C-C", 0.6), ("C-T", 0.4)), start=1):
        planned = trial(number, id=f"{number:04d}-{label}-s0", label=label, layout=label)
        records += [
            TrialPlanned(at=0.0, trial=planned, until_epoch=1),
            SegmentStarted(at=0.0, trial_id=planned.id, attempt=1, until_epoch=1),
            measured(planned.id, 1, evaluation_accuracy=accuracy),
            SegmentEnded(at=1.0, trial_id=planned.id, attempt=1, outcome=Outcome.REACHED),
        ]
    records += [
        TrialStopped(at=1.0, trial_id="0002-C-T-s0", reason="number 2 of 2 at epoch 1; 1 went on"),
        SegmentStarted(at=1.0, trial_id="0001-C-C-s0", attempt=2, until_epoch=3),
        measured("0001-C-C-s0", 2, attempt=2),
        measured("0001-C-C-s0", 3, attempt=2),
        SegmentEnded(at=2.0, trial_id="0001-C-C-s0", attempt=2, outcome=Outcome.FINISHED),
        StudyEnded(at=3.0),
    ]
    spec = load_spec(str(SMALL), ["search.seeds=1", HALVING])
    return journalled(folder, records, spec=spec).folder


def test_rungs_are_told_as_a_table_as_json_and_as_csv(tmp_path, capsys):
    folder = halved(tmp_path / "s")
    assert run(["rungs", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "false kills" in shown
    assert "No control has ended" in shown
    assert run(["rungs", str(folder), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["allocation"] == "halving"
    assert [rung["epoch"] for rung in found["rungs"]] == [1, 2]
    assert (found["rungs"][0]["promoted"], found["rungs"][0]["stopped"]) == (1, 1)
    assert found["false_kills"] == {"count": 0, "of": 0, "low": 0.0, "high": 1.0}
    assert run(["rungs", str(folder), "-o", "csv"]) == 0
    head, first, _ = capsys.readouterr().out.splitlines()
    assert head.startswith('"epoch","reached","promoted","stopped","controls","pooled"')
    assert first.startswith("1,2,1,1,0,True")


def test_a_study_without_rungs_is_said_to_have_none(study, capsys):
    assert run(["rungs", str(study)]) == 4
    assert "has no rungs: it trains every trial in full" in capsys.readouterr().err


def test_a_replay_as_json_has_what_scripts_rely_on(study, capsys):
    plain = "halving:first=1,reduction=2,strata=none,controls=0"
    arguments = ["--allocation", "full", "--allocation", plain, "--replays", "20", "-o", "json"]
    assert run(["replay", str(study), *arguments]) == 0
    full, halving = json.loads(capsys.readouterr().out)["allocations"]
    assert {"name", "epochs_share", "regret", "false_kill"} <= full.keys()
    assert full["false_kill"].keys() == {"rate", "low", "high"}
    assert (full["name"], full["epochs_share"], full["replays"]) == ("full", 1.0, 20)
    assert halving["epochs_share"] < 1.0


def test_a_replay_as_a_table_has_a_row_for_each_default(study, capsys):
    before = (study / "journal" / "records.jsonl").read_bytes()
    assert run(["replay", str(study), "--replays", "5", "--sampler", "grid"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"full", "full:budget=0.2", "halving:first=1"} <= {line.split(" ")[0] for line in lines}
    assert "epochs share %" in lines[0]
    assert (study / "journal" / "records.jsonl").read_bytes() == before


def test_a_budget_and_candidates_hold_for_all(study, capsys):
    arguments = ["--allocation", "full", "--replays", "5", "-o", "json"]
    assert run(["replay", str(study), "--budget", "0.5", *arguments]) == 0
    (full,) = json.loads(capsys.readouterr().out)["allocations"]
    assert full["epochs_share"] <= 0.5
    assert run(["replay", str(study), "--candidates", "1", *arguments]) == 0
    (one,) = json.loads(capsys.readouterr().out)["allocations"]
    assert (one["epochs_share"], one["regret"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--allocation", "halve"], 2, "must be 'full', 'halving'"),
        (["--budget", "3"], 2, "--budget: a budget must be more than 0 and at most 1"),
        (["--replays", "0"], 2, "--replays"),
        (["--sampler", "tpe"], 2, "--sampler"),
    ],
)
def test_what_cannot_be_replayed_is_refused(study, capsys, arguments, code, words):
    assert run(["replay", str(study), *arguments]) == code
    line = capsys.readouterr().err
    assert words in line
    assert line.count("\n") == 1


def test_a_study_that_stopped_trials_cannot_be_replayed(tmp_path, capsys):
    assert run(["replay", str(halved(tmp_path / "s"))]) == 4
    assert "trained every candidate in full" in capsys.readouterr().err
