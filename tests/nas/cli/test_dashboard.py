"""The command that shows studies in a browser."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from nas.cli.main import cli

FIXTURES = Path(__file__).parents[2] / "fixtures" / "studies"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 4, "no folder nowhere; `nas search quickstart` makes studies/quickstart"),
        ([str(FIXTURES), "--host", "0.0.0.0"], 2, "--host: 0.0.0.0 can be reached by other"),
        ([str(FIXTURES), "--prefix", "nas"], 2, "--prefix: must be a path such as /nas"),
        ([str(FIXTURES), "--prefix", '/"><script>'], 2, "--prefix: must be a path"),
        ([str(FIXTURES), "--token-file", "none"], 4, "--token-file: none: "),
        ([str(FIXTURES), "--port", "70000"], 2, "--port"),
    ],
)
def test_what_is_refused(arguments, code, said):
    done = subprocess.run(
        [sys.executable, "-m", "nas.cli", "dashboard", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_it_shows_studies_until_it_is_interrupted(tmp_path):
    token = tmp_path / "token"
    token.write_text("t" * 43)
    token.chmod(0o600)
    command = [sys.executable, "-u", "-m", "nas.cli", "dashboard", str(FIXTURES), "--port", "0"]
    with subprocess.Popen(
        [*command, "--token-file", str(token)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"is shown at (http://127\.0\.0\.1:\d+/); Ctrl-C ends it$", line)
            assert found, line
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(found[1], timeout=60)
            asks = urllib.request.Request(found[1], headers={"Authorization": f"Bearer {'t' * 43}"})
            with urllib.request.urlopen(asks, timeout=60) as answer:
                assert b"/s/finished" in answer.read()
        finally:
            os.kill(server.pid, signal.SIGINT)
        assert server.wait(30) == 130


def test_its_help_says_what_it_listens_to():
    text = CliRunner().invoke(cli, ["dashboard", "--help"]).output
    assert "127.0.0.1" in text
    assert "takes a token" in " ".join(text.split())
