"""Tracking URIs: which are taken, what is shown of them, and what opens their pages."""

import shlex
from pathlib import Path

import pytest

from nas.errors import SpecError
from nas.tracking.uri import (
    charts_link,
    redacted,
    refuse_secrets,
    resolve_uri,
    ui_command,
    without_secrets,
)

SECRET = "postgresql+psycopg2://ann:hunter2@db.example:5432/ml?password=hunter3"


def test_by_default_the_database_lies_in_the_study(tmp_path: Path) -> None:
    assert resolve_uri(None, folder=tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


def test_off_is_off(tmp_path: Path) -> None:
    assert resolve_uri("off", folder=tmp_path) is None


def test_a_relative_database_does_not_move_with_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_uri("sqlite:///ml.db", folder=Path()) == f"sqlite:///{tmp_path}/ml.db"
    assert resolve_uri("sqlite:////a/b.db?timeout=9", folder=Path()) == (
        "sqlite:////a/b.db?timeout=9"
    )


@pytest.mark.parametrize("uri", ["http://ml:5000", "https://ml.example/x", SECRET, "mysql://h/d"])
def test_servers_are_taken_as_they_are(uri: str, tmp_path: Path) -> None:
    assert resolve_uri(uri, folder=tmp_path) == uri


@pytest.mark.parametrize(
    ("uri", "rule"),
    [
        ("file:///tmp/mlruns", "sqlite:///FILE"),
        ("./mlruns", "sqlite:///FILE"),
        ("", "sqlite:///FILE"),
        ("ftp://ann:hunter2@host/x", "sqlite:///FILE"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("http://", "names no host"),
        ("http://[::1", "this is not a URI"),
    ],
)
def test_what_cannot_hold_a_study_is_refused_by_name(uri: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=rule) as caught:
        resolve_uri(uri, folder=tmp_path)
    assert str(caught.value).startswith("tracking.uri: ")
    assert "hunter2" not in str(caught.value)


def test_nothing_shown_holds_a_secret() -> None:
    shown = "postgresql+psycopg2://***@db.example:5432/ml"
    assert redacted(SECRET) == shown
    assert redacted("http://ml:5000/x") == "http://ml:5000/x"
    assert redacted("https://:token@ml/?key=1#2") == "https://***@ml/"
    assert "hunter" not in ui_command(SECRET)
    assert "token" not in charts_link("https://t:token@ml", experiment_id="1", study_id="a")


def test_an_error_message_loses_the_secrets_in_it() -> None:
    text = f"cannot reach {SECRET}: ann:hunter2 refused, hunter2 wrong, password=hunter3"
    cleaned = without_secrets(text, uri=SECRET)
    assert "hunter" not in cleaned
    assert cleaned.startswith("cannot reach postgresql+psycopg2://***@db.example:5432/ml: ")
    assert without_secrets("plain", uri="sqlite:////a.db") == "plain"


def test_the_pages_listen_on_loopback_for_loopback_only() -> None:
    words = shlex.split(ui_command("sqlite:////a b/mlflow.db", port=5001))
    assert words[:2] == ["mlflow", "ui"]
    options = dict(zip(words[2::2], words[3::2], strict=True))
    assert options == {
        "--backend-store-uri": "sqlite:////a b/mlflow.db",
        "--host": "127.0.0.1",
        "--port": "5001",
        "--allowed-hosts": "localhost:5001,127.0.0.1:5001",
        "--workers": "1",
    }
    assert ui_command("http://ml:5000") == "http://ml:5000"


def test_the_link_opens_the_charts_saved_with_the_study() -> None:
    link = charts_link("sqlite:////a.db", experiment_id="7", study_id="ab-12")
    assert link.startswith("http://127.0.0.1:5000/#/experiments/7/runs?workflowType=machine_")
    assert link.endswith("&compareRunsMode=CHART&viewStateShareKey=nas-layouts-ab-12")
    server = charts_link("https://ann:x@ml.example/", experiment_id="7", study_id="ab")
    assert server.startswith("https://***@ml.example/#/experiments/7/")


@pytest.mark.parametrize(
    "uri",
    [SECRET, "http://ann:hunter2@h", "https://hunter2@h", "mysql://h/d?password=hunter2"],
)
def test_a_secret_is_not_written_into_a_study(uri: str) -> None:
    with pytest.raises(SpecError, match=r"holds a password.*\$MLFLOW_PASSWORD@HOST") as caught:
        refuse_secrets(uri)
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    ["http://h", "sqlite:////a.db?timeout=9", "http://a:$P@h", "http://${T}@h", "mysql://ann@h/d"],
)
def test_a_uri_without_a_secret_is_taken(uri: str) -> None:
    refuse_secrets(uri)


def test_a_variable_stands_for_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAS_TEST_PASSWORD", "a@b/c")
    uri = "postgresql://ann:${NAS_TEST_PASSWORD}@h/$d"
    assert resolve_uri(uri, folder=tmp_path) == "postgresql://ann:a%40b%2Fc@h/$d"
    assert "a@b" not in without_secrets("a@b/c a%40b%2Fc", uri="http://u:a%40b%2Fc@h")
    monkeypatch.delenv("NAS_TEST_PASSWORD")
    with pytest.raises(SpecError, match="NAS_TEST_PASSWORD, which is not set: export"):
        resolve_uri(uri, folder=tmp_path)
