"""Searches as jobs: sent to a real head with a token, followed, stopped, gone on with, listed."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from nas.cli.main import run
from tests.end_to_end.command import NAS
from tests.nas.conftest import SMALL
from tests.nas.head import Head, started_head

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(600)]

USAGE, NO_CLUSTER, NOT_FOUND = 2, 3, 4
LONG = ("training.epochs=16", "search.seeds=2")  # it is stopped in the middle


@pytest.fixture(scope="module")
def head():
    with started_head() as started:
        yield started


class User:
    """Someone who has the token of a cluster, in a folder of his own."""

    def __init__(self, head: Head, folder: Path) -> None:
        self.head, self.folder = head, folder

    def nas(self, *words: str, code: int = 0, token: str | None = None) -> str:
        """Return what `nas` prints: on stdout where it succeeds, else the one line of the error."""
        done = subprocess.run(
            [*NAS, *words, "--address", self.head.address],
            cwd=self.folder,
            env=self.head.environment(token=token),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, f"{done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def jobs(self) -> list[dict]:
        return json.loads(self.nas("jobs", "-o", "json"))


@pytest.fixture
def user(head, tmp_path):
    return User(head, tmp_path)


def wait(condition, *, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_study_is_submitted_stopped_in_the_middle_and_goes_on_to_its_ranking(user, tmp_path):
    study = tmp_path / "shared" / "mine"
    submit = ("submit", str(SMALL), *LONG, "--study", str(study))
    first = user.nas(*submit)
    job = first.split()[1]
    assert "nas logs mine -f" in first
    again = user.nas(*submit)
    assert again.split()[1] == job
    assert "runs this study already" in again
    other = user.nas("submit", str(SMALL), "--study", str(study), code=USAGE)
    assert len(other.splitlines()) == 1
    assert job in other

    # Asked of the study itself: each `nas logs` would take a second from the niced workers.
    wait(lambda: (study / "study.json").is_file() and _epochs(study) >= 4)
    assert "goes on" in user.nas("stop", "mine")
    assert [each["status"] for each in user.jobs() if each["job"] == job] == ["STOPPED"]
    before = _epochs(study)

    user.nas("submit", str(SMALL), "--study", str(study), "-f", code=1)  # another spec
    assert "another spec" in user.nas("logs", "mine")
    last = user.nas(*submit, "--follow")
    assert "C-C " in last
    assert "report" in last
    assert before < _epochs(study) == 4 * 16
    assert "has ended" in user.nas("stop", str(study))


def _epochs(study: Path) -> int:
    from nas.study.folder import open_study

    return sum(len(history.epochs) for history in open_study(study).histories())


def test_a_study_that_would_go_with_the_working_copy_is_refused_before_it_begins(user):
    (user.folder / "mine.yaml").write_bytes(SMALL.read_bytes())
    command = [
        *(str(Path(NAS[0]).with_name("ray")), "job", "submit", "--address", user.head.address),
        *("--working-dir", ".", "--", "nas", "search", "mine.yaml", "--study", "studies/rel"),
    ]
    environment = {**user.head.environment(), "RAY_AUTH_MODE": "token"}
    done = subprocess.run(
        command, cwd=user.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    line = next(each for each in done.stdout.splitlines() if each.startswith("nas: "))
    assert "working copy" in line
    assert "--study /shared/studies/NAME" in line


def test_an_absolute_study_of_a_plain_job_is_run(user, tmp_path):
    (user.folder / "mine.yaml").write_bytes(SMALL.read_bytes())
    study = tmp_path / "elsewhere"
    command = [
        *(str(Path(NAS[0]).with_name("ray")), "job", "submit", "--address", user.head.address),
        *("--working-dir", ".", "--", "nas", "search", "mine.yaml", "--study", str(study)),
        "training.epochs=2",
    ]
    environment = {**user.head.environment(), "RAY_AUTH_MODE": "token"}
    subprocess.run(command, cwd=user.folder, env=environment, capture_output=True, check=True)
    assert (study / "report.html").is_file()


def test_the_doctor_looks_at_a_cluster_from_inside(user, tmp_path):
    found = json.loads(user.nas("doctor", "--study", str(tmp_path / "s"), "-o", "json"))
    verdicts = {each["check"]: each["verdict"] for each in found}
    assert {"dashboard", "job", "address", "versions", "storage", "gpus"} <= verdicts.keys()
    assert "fail" not in verdicts.values()
    assert "wants a token" in found[0]["words"]


def test_a_wrong_or_missing_token_is_one_line_and_no_cluster(user):
    for token in ("", "0" * 64):
        line = user.nas("jobs", code=NO_CLUSTER, token=token)
        assert len(line.splitlines()) == 1, line
        assert "RAY_AUTH_TOKEN" in line


def test_an_unknown_job_is_not_found(user):
    line = user.nas("logs", "nobody", code=NOT_FOUND)
    assert len(line.splitlines()) == 1
    assert "nobody" in line
    user.nas("stop", "nobody", code=NOT_FOUND)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["submit", "quickstart", "--study", "mine", "--address", "h"], USAGE, "relative"),
        (
            ["submit", "quickstart", "--study", "/s", "data.source=idx", "data.path=d"],
            USAGE,
            "data.path",
        ),
        (["submit", "quickstart", "--study", "/s"], USAGE, "--address"),
        (["jobs", "--address", "ray://h:1"], USAGE, "8265"),
        (["jobs", "--address", "http://127.0.0.1:1"], NO_CLUSTER, "127.0.0.1:1"),
        (["jobs", "--address", "nonsense"], NO_CLUSTER, "nonsense:8265"),
    ],
    ids=lambda each: str(each)[:50],
)
def test_wrong_words_are_one_line(words, code, said, capsys, monkeypatch):
    for name in ("RAY_API_SERVER_ADDRESS", "RAY_DASHBOARD_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    assert run(words) == code
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1, captured.err
    assert said in captured.err
