"""Paths as users write them: `~` is their home, and a URI is no folder of that name."""

from pathlib import Path

import pytest

from nas.cli.main import run
from nas.errors import SpecError
from nas.spec.paths import is_uri, local_path
from nas.study.places import find_study, study_folder
from nas.study.sweep import find_sweep
from nas.tracking.uri import resolve_uri

STORES = ("s3://bucket/study", "gs://bucket/x", "az://box/x")
OTHERS = ("file:///x", "S3://bucket", "ftp://host/x")


@pytest.mark.parametrize("uri", [*STORES, *OTHERS])
def test_a_uri_is_refused_in_one_line_wherever_a_path_is_taken(tmp_path, monkeypatch, capsys, uri):
    monkeypatch.chdir(tmp_path)
    commands = (
        ["search", uri],
        ["validate", "quickstart", "data.source=folder", f"data.path={uri}"],
        ["export", "x", "--to", uri],
        ["report", "x", "--to", uri],
        ["space", "draw", "quickstart", "--to", uri],
    )
    for command in commands:
        assert run(command) == 2, command
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{uri}: only a study can be in an object store; use a folder" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("uri", OTHERS)
def test_a_study_is_in_a_folder_or_in_a_store_that_is_known(tmp_path, monkeypatch, capsys, uri):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    commands = (
        ["search", "quickstart", "--study", uri],
        ["plan", "quickstart", "--study", uri],
        ["submit", "quickstart", "--study", uri, "--address", "http://127.0.0.1:1"],
        ["ls", uri],
        ["status", uri],
        ["resume", uri],
    )
    for command in commands:
        assert run(command) == 2, command
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{uri}: a folder, or one of s3://, gs://, az://" in line
    assert not list(tmp_path.rglob("*.json"))


def test_the_home_is_found_wherever_a_path_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert local_path("~/x", key="k") == tmp_path / "x"
    assert study_folder("name", "~/x") == tmp_path / "x"
    assert resolve_uri("sqlite:///~/m.db?a=b", folder=Path()) == f"sqlite:///{tmp_path}/m.db?a=b"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "study.json").touch()
    assert find_study("~/x") == tmp_path / "x"
    (tmp_path / "x" / "sweep.json").touch()
    assert find_sweep("~/x") == tmp_path / "x"
    assert run(["space", "draw", "quickstart", "--to", "~/drawn.svg"]) == 0
    assert (tmp_path / "drawn.svg").is_file()
    assert not (tmp_path / "~").exists()


def test_a_home_that_is_nobodys_is_one_line():
    with pytest.raises(SpecError, match=r"^--study: ~nobody-here/x: whose home"):
        local_path("~nobody-here/x", key="--study")


def test_what_is_a_uri():
    assert all(map(is_uri, [*STORES, *OTHERS]))
    assert not any(map(is_uri, ("a/b", "/a", "C:/x", "a:b", "~/s3:/x", "./s3://x")))
