"""What the commands list: tables for people, JSON and CSV for scripts."""

import json

import pandas as pd
import pytest

from nas.cli.listing import MOST_ROWS, print_frame
from nas.cli.main import run

pytestmark = pytest.mark.slow


def out(capsys, *arguments: str) -> str:
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_status_shows_every_trial(finished, capsys):
    rows = json.loads(out(capsys, "status", str(finished), "-o", "json"))
    assert [(row["status"], row["epochs"]) for row in rows] == [("finished", 3)] * 4
    table = out(capsys, "status", str(finished))
    assert table.startswith("small: finished")
    assert "epochs  epochs planned  probe loss" in table
    assert all(row["trial"] in table for row in rows)


def test_ls_lists_studies_and_says_which_cannot_be_read(finished, capsys, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "study.json").write_text("{")
    (tmp_path / "other").mkdir()
    (tmp_path / "small").symlink_to(finished)
    rows = {row["study"]: row for row in json.loads(out(capsys, "ls", str(tmp_path), "-o", "json"))}
    assert set(rows) == {"broken", "small"}
    assert rows["small"]["finished"] == 4
    assert rows["broken"]["status"] == "unreadable"
    assert "study.json" in rows["broken"]["note"]


def test_an_empty_place_has_no_studies(capsys, tmp_path):
    assert json.loads(out(capsys, "ls", str(tmp_path / "none"), "-o", "json")) == []


def test_report_and_export_print_where(finished, capsys, tmp_path):
    page = tmp_path / "page.html"
    assert out(capsys, "report", str(finished), "--to", str(page)).strip() == str(page)
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")
    assert out(capsys, "export", str(finished), "--to", str(tmp_path / "m")).startswith(
        str(tmp_path)
    )
    assert (tmp_path / "m" / "model.safetensors").is_file()


def test_space_commands(capsys):
    assert out(capsys, "space", "count", "quickstart").startswith(
        "5 of 5 points keep to its limits.\n"
    )
    counted = json.loads(out(capsys, "space", "count", "quickstart", "-o", "json"))
    assert (counted["points"], counted["feasible"], counted["exact"]) == (5, 5, True)
    rows = json.loads(out(capsys, "space", "list", "quickstart", "-o", "json"))
    assert [row["label"] for row in rows] == [
        "C-C-C-C",
        "C-C-C-T",
        "C-C-T-T",
        "C-T-T-T",
        "ViT_REL",
    ]
    sizes = [row["parameters"] for row in rows]
    assert max(sizes) / min(sizes) < 1.05
    assert "30 trials, 360 epochs in all" in out(capsys, "validate", "quickstart")


@pytest.mark.parametrize(("newest", "which", "shown"), [(False, "first", 0), (True, "last", 50)])
def test_of_a_long_table_a_part_is_printed_and_says_so(capsys, newest, which, shown):
    frame = pd.DataFrame({"number": range(MOST_ROWS + 50)})
    print_frame(frame, "table", newest=newest)
    said, blank, title, *rows = capsys.readouterr().out.splitlines()
    assert said == f"the {which} 200 of 250 rows; -o csv lists them all"
    assert (blank, title) == ("", "number")
    assert [int(row) for row in rows] == list(range(shown, shown + MOST_ROWS))
    print_frame(frame, "csv", newest=newest)
    assert len(capsys.readouterr().out.splitlines()) == MOST_ROWS + 51
