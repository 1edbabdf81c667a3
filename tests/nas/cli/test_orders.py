"""Every command says something sensible about a sweep, and refuses one in one line."""

import csv
import io
import json
import shutil

import pandas as pd
import pytest

from nas.cli.listing import print_frame
from nas.cli.main import run
from nas.cli.orders import _shown
from tests.nas.conftest import SMALL

USAGE, DATA = 2, 1
SWEEP = 'sweep={"key": "data.train", "values": [48, 80]}'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sweep(swept, folder):
    """A finished sweep among the studies, whose second study has not begun."""
    shutil.copytree(swept, folder / "studies" / "small")
    shutil.rmtree(folder / "studies" / "small" / "data.train=80")


def output(capsys, *arguments):
    assert run(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        (['sweep={"key": "data.train", "values": [48, 0]}'], USAGE, "data.train=0"),
        (['sweep={"key": "data.train", "values": [48]}'], USAGE, "sweep.values"),
        ([SWEEP, "sweep.key=data.trian"], USAGE, "did you mean 'train'"),
        (['sweep={"key": "data.train", "values": [48, 90000]}'], DATA, "data.train=90000"),
        ([SWEEP, "data.source=procedural", "sweep.values=[48, null]"], USAGE, "data without end"),
        ([SWEEP, "--study", "a b"], USAGE, "--study"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_line_and_leaves_nothing(
    overrides, code, says, capsys, folder
):
    if "data.source=procedural" in overrides:
        overrides = [*overrides, "data.train=48"]
    assert run(["search", str(SMALL), *overrides, "--inline"]) == code
    captured = capsys.readouterr()
    assert (captured.err.count("\n"), captured.out) == (1, "")
    assert says in captured.err
    assert list(folder.iterdir()) == []


def test_every_study_of_a_sweep_is_validated(capsys):
    lines = output(capsys, "validate", str(SMALL), SWEEP).splitlines()
    # Each value has images of its own.
    assert [line.split(":")[0] for line in lines] == ["data", "small-48", "data", "small-80"]


@pytest.mark.slow
def test_rank_prints_a_row_a_value(sweep, capsys):
    table = output(capsys, "rank", "small").splitlines()
    assert table[0].split() == ["data.train", "C-C", "%", "C-T", "%", "l*", "order"]
    assert [line.split()[0] for line in table[1:3]] == ["48", "80"]
    place = table.index("data.train=48")
    assert table[place + 1].startswith("So far, with ")
    rows = list(csv.DictReader(io.StringIO(output(capsys, "rank", "small", "-o", "csv"))))
    assert [row["value"] for row in rows] == ["48", "80"]
    found = json.loads(output(capsys, "rank", "small", "-o", "json"))
    assert [row["value"] for row in found] == [48, 80]
    assert found[0]["ranking"]["order"] == rows[0]["order"] != ""
    assert found[1]["ranking"] is None
    assert " ".join(table[place + 1 :]) == found[0]["ranking"]["sentence"]
    best = max(found[0]["ranking"]["layouts"], key=lambda layout: layout["score"])
    assert float(rows[0][best["label"]]) == best["score"]
    assert f"{100 * best['score']:.2f}" in table[1]
    by_accuracy = json.loads(output(capsys, "rank", "small", "-o", "json", "--metric", "accuracy"))
    assert by_accuracy[0]["ranking"]["metric"] == "accuracy"


@pytest.mark.slow
def test_rank_prints_a_row_a_label_and_value_by_size(sweep, capsys):
    table = output(capsys, "rank", "small", "--sizes").splitlines()
    assert table[0].split() == [
        "label", "data.train", "parameters", "MACs", "score", "%", "seeds",
    ]  # fmt: skip
    assert [line.split()[:2] for line in table[1:]] == [["C-C", "48"], ["C-T", "48"]]
    rows = list(
        csv.DictReader(io.StringIO(output(capsys, "rank", "small", "--sizes", "-o", "csv")))
    )
    found = json.loads(output(capsys, "rank", "small", "--sizes", "-o", "json"))
    assert [float(row["score"]) for row in rows] == [row["score"] for row in found]
    assert table[1].split()[2:5] == [
        rows[0]["parameters"], rows[0]["macs"], f"{100 * found[0]['score']:.2f}",
    ]  # fmt: skip
    alone = output(capsys, "rank", "small/data.train=48", "--sizes").splitlines()
    assert alone[0].split() == ["label", "parameters", "MACs", "score", "%", "seeds"]
    assert [line.split()[1:] for line in alone[1:]] == [line.split()[2:] for line in table[1:]]
    assert run(["rank", str(SMALL), "--simulate", "--sizes"]) == USAGE
    assert "--sizes: is not for --simulate" in capsys.readouterr().err


def test_layouts_are_named_as_they_are(capsys):
    frame = pd.DataFrame({"value": ["9"], "ViT_REL": [0.5], "equal_loss": [1.0]})
    frame = frame.assign(tau=[None], order=["ViT_REL"])
    print_frame(_shown(frame, "data.train"), "table", literal=True)
    header, cells = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == ["data.train", "ViT_REL", "%", "l*", "order"]
    assert cells == ["9", "50.00", "1.000", "ViT_REL"]


@pytest.mark.slow
def test_one_study_of_a_sweep_is_a_study(sweep, capsys):
    assert "C-C" in output(capsys, "rank", "small/data.train=48")
    assert "0001-C-C-s0" in output(capsys, "status", "small/data.train=48")


@pytest.mark.slow
def test_status_and_ls_say_where_the_sweep_stands(sweep, capsys):
    status = output(capsys, "status", "small")
    assert "interrupted; `nas resume studies/small` goes on" in status
    rows = json.loads(output(capsys, "status", "small", "-o", "json"))
    assert [(row["value"], row["status"]) for row in rows] == [
        ("48", "finished"),
        ("80", "planned"),
    ]
    [row] = json.loads(output(capsys, "ls", "-o", "json"))
    assert (row["study"], row["status"], row["trials"]) == ("small", "interrupted", 4)
    assert "1 of 2 begun" in row["note"]
    [row] = json.loads(output(capsys, "ls", "studies/small", "-o", "json"))
    assert (row["study"], row["status"]) == ("data.train=48", "finished")


@pytest.mark.slow
def test_a_damaged_sweep_is_listed_with_its_error(sweep, capsys, folder):
    (folder / "studies" / "small" / "sweep.json").write_text("{")
    [row] = json.loads(output(capsys, "ls", "-o", "json"))
    assert (row["status"], "not a sweep file" in row["note"]) == ("unreadable", True)
    assert run(["rank", "small"]) == USAGE
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_report_is_the_picture(sweep, capsys, folder):
    assert output(capsys, "report", "small") == "studies/small/phase.html\n"
    assert output(capsys, "report", "small", "--to", "p.html") == "p.html\n"
    assert (folder / "p.html").read_text().count("data-figure=") == 1


@pytest.mark.slow
@pytest.mark.parametrize("command", [["export", "small", "--to", "x"], ["sync", "small"]])
def test_what_only_a_study_has_names_one(sweep, command, capsys):
    assert run(command) == USAGE
    assert f"{command[0]} one of its studies, such as studies/small/data.train=48" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
def test_resume_runs_what_is_left_and_says_where_to_look(sweep, capsys, folder):
    assert run(["search", str(SMALL), SWEEP, "--inline"]) == USAGE
    assert "nas resume studies/small" in capsys.readouterr().err
    said = output(capsys, "resume", "small", "--inline", "--quiet")
    assert "phase     studies/small/phase.html" in said
    assert "finished" in output(capsys, "status", "small").splitlines()[0]
    assert (folder / "studies" / "small" / "data.train=80" / "report.html").is_file()
