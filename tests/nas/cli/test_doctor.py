"""The doctor prints a line a check, and fails where one does."""

import json

import pytest

from nas.cli.main import run
from tests.nas.head import free_ports


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_checks_are_a_line_each_and_a_failed_one_is_an_exit_code(tmp_path, capsys):
    (port,) = free_ports(1)
    words = ["doctor", "--study", str(tmp_path), "--tracking", f"http://127.0.0.1:{port}"]
    assert run(words) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[0] in ("ok", "warn", "fail") for line in lines] == [True] * len(lines)
    assert any(line.startswith("fail  mlflow") for line in lines)
    assert "mlflow" in captured.err


def test_findings_are_json(tmp_path, capsys):
    assert run(["doctor", "--study", str(tmp_path), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["check"] for each in found} == {"versions", "storage", "gpus", "disk"}


def test_a_cluster_that_does_not_answer_is_a_finding(capsys):
    (port,) = free_ports(1)
    assert run(["doctor", "--address", f"127.0.0.1:{port}"]) == 1
    assert capsys.readouterr().out.startswith("fail  address")
    assert run(["doctor", "--address", f"http://127.0.0.1:{port}"]) == 1
    assert "fail  address" in capsys.readouterr().out
