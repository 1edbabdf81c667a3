"""The command that an answer ends with works as it is printed."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from nas.cli.main import run
from tests.nas.conftest import SMALL

STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"
USAGE = 2

pytestmark = pytest.mark.slow


def command_of(printed: str) -> list[str]:
    """Return the words of the printed command after `nas`."""
    (line,) = (line for line in printed.splitlines() if line.startswith("next: "))
    program, *words = shlex.split(line.removeprefix("next: "))
    assert program == "nas"
    return words


def test_search_and_rank_name_it_and_it_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = ["ranking.metric=accuracy", "training.epochs=2"]
    assert run(["search", str(SMALL), *asked, "--inline", "--quiet"]) == 0
    words = command_of(capsys.readouterr().out)
    assert words == ["extend", "studies/small", "search.seeds=6"]
    assert run(["rank", "small"]) == 0
    assert command_of(capsys.readouterr().out) == words
    assert run([*words, "--inline", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "claims hold at 6 seeds, alpha 0.025" in printed
    assert "in at most 7.5 % of studies" in printed
    assert "preliminary" not in printed
    assert run(["status", "small", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 12


def test_data_for_programs_stay_data(finished, capsys):
    for output in ("json", "csv"):
        assert run(["rank", str(finished), "-o", output]) == 0
        assert "next:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["nowhere", "search.seeds=6"], 4, "no study 'nowhere' here"),
        (["STUDY"], USAGE, "Missing argument 'KEY.PATH=VALUE...'"),
        (["STUDY", "data.train=9"], USAGE, "data.train: cannot be changed afterwards"),
        (["STUDY", "search.seeds=2"], USAGE, "already; `nas resume"),
    ],
)
def test_a_refusal_is_one_line_with_its_code(finished, capsys, words, code, line):
    here = [str(finished) if word == "STUDY" else word for word in words]
    assert run(["extend", *here, "--inline"]) == code
    (printed,) = capsys.readouterr().err.splitlines()
    assert printed.startswith("nas: ")
    assert line in printed


def test_of_a_sweep_one_study_is_named(swept, capsys):
    assert run(["extend", str(swept), "search.seeds=3"]) == USAGE
    assert "is a sweep: extend one of its studies, such as" in capsys.readouterr().err


def test_a_study_of_an_earlier_release_is_extended(tmp_path, capsys):
    study = shutil.copytree(STUDIES / "finished", tmp_path / "finished")
    before = (study / "journal" / "records.jsonl").read_bytes()
    words = ["search.seeds=3", "search.max_seeds=4", "--inline", "--quiet"]
    assert run(["extend", str(study), *words]) == 0
    assert (study / "journal" / "records.jsonl").read_bytes().startswith(before)
    assert "claims hold at any number of seeds from 3 to 4" in capsys.readouterr().out
    assert run(["status", str(study), "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) >= 18
    assert {row["status"] for row in rows} == {"finished"}
    assert [row["trial"] for row in rows][12:14] == ["0013-C-C-s2", "0014-C-C-s2-fine"]
    assert run(["report", str(study)]) == 0
    assert "nas extend ANOTHER search.seeds=3 search.max_seeds=4" in (
        (study / "report.html").read_text().replace("&amp;", "&")
    )
