"""Every wrong flag, key, file and name is one line on stderr, with the exit code of its kind."""

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nas.cli.main import cli, run

USAGE, NO_CLUSTER, NOT_FOUND = 2, 3, 4


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return tmp_path


WRONG = [
    (["serch"], USAGE, "serch"),
    (["search"], USAGE, "SPEC"),
    (["search", "quickstart", "--stduy", "x"], USAGE, "--stduy"),
    (["search", "nope"], NOT_FOUND, "quickstart"),
    (["search", "nope.yaml"], NOT_FOUND, "nope.yaml"),
    (["search", "quickstart", "training.epoch=1"], USAGE, "training.epoch"),
    (["search", "quickstart", "training.epochs=zero"], USAGE, "training.epochs"),
    (["search", "quickstart", "training.epochs"], USAGE, "training.epochs"),
    (["search", "quickstart", "--study", "a b"], USAGE, "--study"),
    (["search", "quickstart", "data.source=idx"], USAGE, "data"),
    (["search", "quickstart", "data.source=idx", "data.path=/nowhere"], NOT_FOUND, "/nowhere"),
    (["search", "quickstart", "tracking.uri=file:///tmp/x"], USAGE, "tracking.uri"),
    (["search", "quickstart", "--address", "127.0.0.1:1"], NO_CLUSTER, "127.0.0.1:1"),
    (["search", "quickstart", "--address", "nonsense"], NO_CLUSTER, "nonsense"),
    (["resume", "nope"], NOT_FOUND, "nope"),
    (["sync", "nope"], NOT_FOUND, "nope"),
    (["status", "nope"], NOT_FOUND, "nope"),
    (["rank", "nope"], NOT_FOUND, "nope"),
    (["rank", "nope", "-o", "xml"], USAGE, "xml"),
    (["report", "../nope"], NOT_FOUND, "nope"),
    (["export", "nope"], USAGE, "--to"),
    (["validate", "nope"], NOT_FOUND, "nope"),
    (["space", "lst", "quickstart"], USAGE, "lst"),
    (["space", "count", "quickstart", "space.stem.widht=3"], USAGE, "widht"),
]


@pytest.mark.parametrize(("arguments", "code", "names"), WRONG, ids=lambda v: str(v)[:60])
def test_wrong_input_is_one_line_with_its_exit_code(arguments, code, names, capsys, empty_folder):
    assert run(arguments) == code
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("nas: ")
    assert names in lines[0]
    assert captured.out == ""
    assert list(empty_folder.iterdir()) == [], "a refused command leaves nothing behind"


def test_every_wrong_line_of_a_file_is_named(capsys, empty_folder):
    (empty_folder / "mine.yaml").write_text("name: mine\nspace:\n  stages: []\nserach: 3\n")
    assert run(["validate", "mine.yaml"]) == USAGE
    assert capsys.readouterr().err.splitlines() == [
        "nas: mine.yaml:2: space: needs 'layouts', or 'stages' with a 'type' each",
        "nas: mine.yaml:4: serach: unknown key, did you mean 'search'?",
    ]


def test_debug_shows_the_traceback(capsys):
    assert run(["--debug", "status", "nope"]) == NOT_FOUND
    assert "Traceback" in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_too(capsys, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug\nof ours")

    monkeypatch.setattr("nas.reading.target.find_study", broken)
    assert run(["status", "x"]) == 1
    assert capsys.readouterr().err == (
        "nas: unexpected ZeroDivisionError: a bug of ours; --debug shows where\n"
    )


def every_command(group: click.Group, path: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    ("path", "command"), list(every_command(cli)), ids=lambda v: v if isinstance(v, tuple) else ""
)
def test_every_command_and_option_has_help(path, command, capsys):
    assert run([*path, "--help"]) == 0
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_help_answers_at_once():
    """The bar is 0.3 s; the best of five leaves out what else the machine does."""

    def once() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nas.cli", "--help"], check=True, capture_output=True)
        return time.perf_counter() - begun

    assert min(once() for _ in range(5)) < 0.3


def test_every_command_is_listed_whole_at_80_columns(monkeypatch):
    from nas.cli.main import SUMMARIES

    monkeypatch.setenv("COLUMNS", "80")
    listed = CliRunner().invoke(cli, ["--help"]).output
    shown = {name: command for name, command in cli.commands.items() if not command.hidden}
    assert shown.keys() == SUMMARIES.keys()
    assert all(f" {summary}\n" in listed for summary in SUMMARIES.values())
    assert listed.count("...") == 1, "of the usage"
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.parametrize("words", [[], ["space"]])
def test_without_a_command_the_help_is_printed_as_it_is(capsys, words):
    assert run(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: nas")
    assert len(said.splitlines()) > 8
