"""Names that others chose cannot steer a terminal, and no encoding breaks the ranking."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nas.cli.terminal import Cleaned, clean, raw
from tests.end_to_end.command import NAS
from tests.policy.tree import ROOT

FINISHED = ROOT / "tests" / "fixtures" / "studies" / "finished"
HOSTILE = "a\x1b]0;mine\x07\x9b31m\u202eb"


def test_control_characters_are_shown_and_text_is_kept():
    assert clean(HOSTILE) == "a\\x1b]0;mine\\x07\\x9b31m\\u202eb"
    assert clean("C-C ≫ ViT\tö\n  1 %\n") == "C-C ≫ ViT\tö\n  1 %\n"
    assert clean("one\rtwo") == "one\\x0dtwo"


def test_a_cleaned_stream_is_the_stream_but_for_what_is_written():
    stream = io.StringIO()
    cleaned = Cleaned(stream)
    assert cleaned.write("a\x1bb") == 3
    cleaned.writelines(["c\x07", "d"])
    assert cleaned.getvalue() == "a\\x1bbc\\x07d"
    assert raw(cleaned) is stream
    assert raw(stream) is stream


PRINTS = """
from nas.cli.terminal import protect
protect()
import click
from nas.cli.console import console
click.echo("C-C ≫ C-T ≥ ViT ≈ ö")
console().print("C-C ≫ C-T ≥ ViT ≈ ö")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", "C-C >> C-T >= ViT ~ ö"),
        ("ascii", "C-C >> C-T >= ViT ~ ?"),
        ("cp1252", "C-C >> C-T >= ViT ~ ö"),
        ("utf-8", "C-C ≫ C-T ≥ ViT ≈ ö"),
    ],
)
def test_symbols_are_printed_in_every_encoding(encoding, shown):
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.decode(encoding).splitlines()] == [shown] * 2


@pytest.mark.slow
def test_no_command_lets_an_escape_sequence_through(tmp_path):
    """On a real terminal: where nobody sees it, click takes some of them away."""
    pty = pytest.importorskip("pty")
    seen, theirs = pty.openpty()
    folder = tmp_path / HOSTILE
    shutil.copytree(FINISHED, folder)
    process = subprocess.Popen(
        [*NAS, "report", str(folder)], cwd=ROOT, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    out = bytearray()
    while True:
        try:
            part = os.read(seen, 65536)
        except OSError:  # how a terminal says that the last writer has gone
            break
        if not part:
            break
        out += part
    os.close(seen)
    process.wait(timeout=60)
    assert b"\\x1b]0;" in out, "the name is shown"
    for forbidden in (b"\x1b]", b"\x07", "\x9b".encode(), "\u202e".encode()):
        assert forbidden not in out


@pytest.mark.slow
def test_without_a_home_that_can_be_written_a_search_runs(tmp_path):
    home = tmp_path / "home"
    home.touch()  # no folder: nobody can write there, root neither
    spec = Path(__file__).parents[1] / "small.yaml"
    done = subprocess.run(
        [*NAS, "search", str(spec), "training.epochs=2", "--study", str(tmp_path / "s")],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
