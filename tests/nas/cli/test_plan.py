"""`nas plan`: its output, and whatever is wrong as one line."""

import json
import shutil

import pytest

from nas.cli.main import run
from nas.planning import where
from nas.planning.plan import Room
from tests.nas.conftest import SMALL
from tests.nas.planning.test_bill import Measure


class Place:
    """Measures nothing."""

    def __init__(self) -> None:
        self.room, self.measure = Room(workers=1, neighbours=0), Measure()

    def close(self) -> None:
        pass


@pytest.fixture
def place(monkeypatch, tmp_path) -> Place:
    made = Place()
    monkeypatch.setattr(where, "open_place", lambda *_, **__: made)
    monkeypatch.chdir(tmp_path)
    return made


def test_it_prints_a_table_json_or_csv(place, capsys):
    assert run(["plan", str(SMALL)]) == 0
    table = capsys.readouterr().out
    assert "device time" in table
    assert "2 networks were measured" in table
    assert run(["plan", str(SMALL), "--price", "2.50", "-o", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["money"]["estimate"] == pytest.approx(2.5 * values["device_hours"]["estimate"])
    assert run(["plan", str(SMALL), "-o", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '"quantity","estimate","low","high"'
    assert lines[1].startswith('"candidates",2')


def test_a_plan_is_kept_compared_and_in_the_report(place, capsys, tmp_path, finished):
    study = shutil.copytree(finished, tmp_path / "mine")
    assert run(["plan", "--check", str(study)]) == 4
    assert "no plan at" in capsys.readouterr().err
    assert run(["plan", str(SMALL), "--study", str(study)]) == 0
    assert "kept in" in capsys.readouterr().err
    assert run(["plan", "--check", str(study), "-o", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["trials"] == 4
    assert values["forecast_seconds"] == pytest.approx(2 * 3 * 14)
    assert values["covered"] == 0  # nothing was measured
    assert run(["plan", "--check", str(study)]) == 0
    said = capsys.readouterr().out.strip()
    assert said.startswith("84 s forecast")
    assert run(["report", str(study)]) == 0
    assert said in (study / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a SPEC"),
        (["small.yaml", "--price", "free"], "--price: must be a number above 0"),
        (["small.yaml", "--noise", "0"], "--noise: must be a number above 0 and up to 50"),
        (["small.yaml", 'sweep={"key": "data.train", "values": [40, 80]}'], "sweep: one study"),
        (["small.yaml", "--check", "there"], "--check: is for a study alone"),
        (["small.yaml", "search.placebo=X"], "search.placebo: must be one of"),
    ],
)
def test_what_is_wrong_is_one_line(place, capsys, tmp_path, arguments, said):
    shutil.copy(SMALL, tmp_path / "small.yaml")
    assert run(["plan", *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.slow
def test_real_networks_of_a_small_study_are_planned(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert run(["plan", str(SMALL), "data.image_size=8", "--inline", "-o", "json"]) == 0
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert "measuring C-C, round 1 of 2" in captured.err
    assert (values["trials"]["estimate"], values["epochs"]["estimate"]) == (4, 12)
    hours = values["device_hours"]
    assert 0 < hours["low"] < hours["estimate"] < hours["high"] < 1
