"""Studies that earlier releases wrote are opened, ranked, reported and resumed; newer are refused.

`tests/fixtures/studies/` holds two of 0.1: a finished one, fine-tuned and with a placebo, and one
whose driver was killed in its fourth trial. Beside each lies its spec, and the ranking that 0.1
itself printed: of the interrupted one, of the same study undisturbed.

The finished one is ranked by generalization, and its networks learn next to nothing in three
epochs. 0.1 had l* = 2.4529 nats, a median, and read most runs at one of their ends. Since 0.2 l* is
2.4752, what every run reaches; all but one run begin below it and have no score there. So
scores, differences and intervals moved, and what does not depend on l* is held to 0.1's numbers:
the order, seeds, parameters, and the losses at the end.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import nas
from nas.cli.main import run
from nas.ranking.result import Ranking
from nas.reading.study import StudyReader

STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"
USAGE = 2

pytestmark = pytest.mark.slow


@pytest.fixture(params=["finished", "interrupted"])
def name(request, tmp_path, monkeypatch):
    """A copy of a study, in studies/."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(STUDIES / request.param, tmp_path / "studies" / request.param)
    return request.param


def assert_as_printed(ranking: Ranking, name: str) -> None:
    """Numbers may differ in the last digits: another processor adds in another order."""
    expected = _printed(name)
    assert ranking.order == expected["order"]
    assert (ranking.equal_loss or 0) == pytest.approx(expected["equal_loss"] or 0, rel=1e-4)
    found = {score.label: score for score in ranking.layouts}
    assert found.keys() == expected["labels"].keys()
    for label, numbers in expected["labels"].items():
        assert found[label].score == pytest.approx(numbers["score"], rel=1e-4)
        assert found[label].probe_loss == pytest.approx(numbers["probe_loss"], rel=1e-4)
        assert (found[label].seeds, found[label].parameters) == (
            numbers["seeds"],
            numbers["parameters"],
        )
    for relation, (a, symbol, b, *numbers) in zip(
        ranking.relations, expected["relations"], strict=True
    ):
        assert (relation.a, relation.symbol.value, relation.b) == (a, symbol, b)
        assert [relation.difference, relation.low, relation.high] == pytest.approx(
            numbers, rel=1e-4, abs=1e-9
        )


def _printed(name: str) -> dict[str, Any]:
    return json.loads((STUDIES / f"{name}.ranking.json").read_text(encoding="utf-8"))


def assert_the_finished_one(reader: StudyReader) -> None:
    """Hold what does not depend on l* to what 0.1 printed, and l* to today's rule."""
    ranking = reader.rank()
    assert _printed("finished")["equal_loss"] == pytest.approx(2.4529, abs=1e-4)
    assert ranking.equal_loss == pytest.approx(2.4752, rel=1e-4)
    assert ranking.order == _printed("finished")["order"]
    assert any(note.startswith("listed by") and note.endswith(": C-T") for note in ranking.notes)
    assert [each.low for each in ranking.relations] == [None]
    at_the_end = {each.label: each for each in reader.rank(metric="accuracy").layouts}
    assert at_the_end.keys() == _printed("finished")["labels"].keys()
    for label, numbers in _printed("finished")["labels"].items():
        found = at_the_end[label]
        assert found.probe_loss == pytest.approx(numbers["probe_loss"], rel=1e-4)
        assert (found.seeds, found.parameters) == (numbers["seeds"], numbers["parameters"])


@pytest.mark.parametrize("command", ["status", "rank", "report"])
def test_it_is_read_by_every_command(name, command, capsys):
    assert run([command, name]) == 0
    assert capsys.readouterr().out


def test_a_finished_one_ranks_as_it_did(tmp_path):
    shutil.copytree(STUDIES / "finished", tmp_path / "study")
    reader = nas.load(tmp_path / "study")
    assert_the_finished_one(reader)
    assert reader.headline() == "fixture: finished"
    assert len(reader.trials) == 12
    assert sum(reader.trials["role"] == "fine-tuned") == 6


def test_it_is_resumed_to_the_ranking_it_would_have_had(name, capsys):
    before = (Path("studies") / name / "journal" / "records.jsonl").read_bytes()
    assert run(["resume", name, "--inline", "--quiet"]) == 0
    after = (Path("studies") / name / "journal" / "records.jsonl").read_bytes()
    assert after.startswith(before)
    assert (after == before) is (name == "finished"), "what is finished gets no record"
    reader = nas.load(name)
    if name == "finished":
        assert_the_finished_one(reader)
    else:
        assert_as_printed(reader.rank(), name)
    assert not (reader.trials["status"] != "finished").any()
    assert (Path("studies") / name / "export" / "winner" / "model.safetensors").is_file()
    assert run(["export", name, "--to", "winner"]) == 0


def test_a_newer_one_is_refused_in_a_line(name, capsys):
    study = Path("studies") / name / "study.json"
    values = json.loads(study.read_text(encoding="utf-8"))
    study.write_text(json.dumps({**values, "format": 99}), encoding="utf-8")
    for command in (["status"], ["rank"], ["report"], ["resume"], ["export", "--to", "x"]):
        assert run([command[0], name, *command[1:]]) == USAGE
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert "needs a newer version of this program" in printed.err
