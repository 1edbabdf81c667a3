"""Studies that earlier releases wrote are opened, ranked, reported and resumed; newer are refused.

`tests/fixtures/studies/` holds two of 0.1: a finished one, fine-tuned and with a placebo, and one
whose driver was killed in its fourth trial. Beside each lies its spec, and the ranking that 0.1
itself printed: of the interrupted one, of the same study undisturbed.
"""

import json
import shutil
from pathlib import Path

import pytest

import nas
from nas.cli.main import run
from nas.ranking.result import Ranking

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
    expected = json.loads((STUDIES / f"{name}.ranking.json").read_text(encoding="utf-8"))
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


@pytest.mark.parametrize("command", ["status", "rank", "report"])
def test_it_is_read_by_every_command(name, command, capsys):
    assert run([command, name]) == 0
    assert capsys.readouterr().out


def test_a_finished_one_ranks_as_it_did(tmp_path):
    shutil.copytree(STUDIES / "finished", tmp_path / "study")
    reader = nas.load(tmp_path / "study")
    assert_as_printed(reader.rank(), "finished")
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
