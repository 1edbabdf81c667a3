"""`nas latency`: measured once, shown as often as one likes; whatever is wrong as one line."""

import json
import shutil

import pytest

from nas.cli.main import run
from tests.nas.conftest import SMALL
from tests.nas.study.test_latency import measurement


@pytest.fixture
def study(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "small")


def test_it_measures_and_keeps_what_others_show(study, capsys):
    assert run(["latency", str(study), "--device", "cpu", "--repeats", "6", "-o", "json"]) == 0
    captured = capsys.readouterr()
    assert "measuring 2 of 2, 6 turns each" in captured.err
    rows = json.loads(captured.out)
    assert {row["label"] for row in rows} == {"C-C", "C-T"}
    assert rows[0]["milliseconds"] <= rows[1]["milliseconds"]
    for row in rows:
        assert 0 < row["milliseconds_low"] <= row["milliseconds"] <= row["milliseconds_high"]
        assert row["images_per_second"] == pytest.approx(1000 / row["milliseconds"])
        assert (row["batch"], row["parameters"] > 0) == (1, True)
    assert run(["latency", str(study), "--recorded", "-o", "json"]) == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == rows
    assert "measuring" not in again.err


def test_a_table_says_where_below(study, capsys, monkeypatch):
    monkeypatch.setattr("nas.reading.latency.recorded", lambda _: (measurement(),))
    assert run(["latency", str(study), "--recorded"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["C-C", "2.000"], ["C-T", "4.000"]]
    assert lines[-1].startswith("forward passes of 1 image on this CPU, 1 thread, float32")
    assert captured.err == ""
    assert run(["latency", str(study), "--recorded", "-o", "csv"]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert head.endswith('"batch","device"')


def test_a_busy_machine_is_told(study, capsys, monkeypatch):
    from dataclasses import replace

    busy = replace(measurement(), load=1.7)
    monkeypatch.setattr("nas.reading.latency.recorded", lambda _: (busy,))
    assert run(["latency", str(study), "--recorded"]) == 0
    assert "note: the machine was busy, a load of 1.7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--recorded"], 4, "no latency of 1 image was measured"),
        (["--repeats", "5"], 2, "--repeats"),
        (["--device", "tpu"], 2, "--device"),
        (["--batch", "0"], 2, "--batch"),
    ],
)
def test_what_cannot_be_is_one_line(study, capsys, arguments, code, words):
    assert run(["latency", str(study), *arguments]) == code
    line = capsys.readouterr().err
    assert words in line
    assert line.count("\n") == 1


def test_a_table_of_block_times_is_measured_and_limits_a_space(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "mine.yaml"
    text = SMALL.read_text().replace(
        "space:\n", "space:\n  latency: table.json\n  budget: {latency: '<=1ns'}\n"
    )
    spec.write_text(text)
    assert run(["space", "count", str(spec)]) == 2
    assert "cannot read 'table.json'" in capsys.readouterr().err
    assert run(["space", "latency", str(spec), "--to", "table.json", "--repeats", "6"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("table.json: ")
    assert "measuring 27 of 27, 6 turns each" in captured.err
    assert run(["space", "count", str(spec)]) == 2
    line = capsys.readouterr().err
    assert "mine.yaml:5: space.budget.latency: leaves no network: of all the smallest" in line
    assert run(["space", "count", str(spec), "space.budget.latency=<=100s", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["feasible"] == 2


def test_a_table_that_cannot_be_written_is_one_line(tmp_path, capsys):
    to = tmp_path / "none" / "table.json"
    assert run(["space", "latency", str(SMALL), "--to", str(to), "--repeats", "6"]) == 2
    assert f"--to: {to}: cannot be written" in capsys.readouterr().err
