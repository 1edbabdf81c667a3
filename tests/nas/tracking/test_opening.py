"""Tracking as the driver opens it, in processes of their own and against a server that dies."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nas.spec.study import StudySpec, TrackingSpec
from nas.study.records import Outcome, Record, StudyEnded
from nas.tracking.background import Backend, NullTracker, Pace, ThreadedTracker
from nas.tracking.opening import open_tracker, prepare_environment
from nas.tracking.snapshots import SnapshotBuilder
from tests.nas.tracking import story

_WHOLE_STUDY = """
import sys
from pathlib import Path
from nas.spec.study import StudySpec
from nas.tracking.opening import open_tracker
from tests.nas.tracking import story

tracker = open_tracker(StudySpec(name="x", space={}), study_id="1", folder=Path(sys.argv[1]))
assert "nas.tracking.mlflow_backend" in sys.modules, "left to a thread, which Tune may meet"
assert not (Path(sys.argv[1]) / "mlflow.db").exists(), "the driver waited for the tables"
for record in story.study(trials=1, epochs=2):
    tracker.observe(record)
assert tracker.close(deadline_s=100) == ""
"""


def test_the_user_may_choose_otherwise() -> None:
    environment = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
    prepare_environment(environment)
    assert environment["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "5"
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_off_opens_nothing(tmp_path: Path) -> None:
    spec = StudySpec(name="x", space={}, tracking=TrackingSpec(uri="off"))
    assert isinstance(open_tracker(spec, study_id="1", folder=tmp_path), NullTracker)


@pytest.mark.slow
@pytest.mark.mlflow
def test_a_fresh_study_is_tracked_without_a_word_or_a_wait(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW")}
    done = subprocess.run(
        [sys.executable, "-c", _WHOLE_STUDY, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        runs = database.execute("SELECT name, status FROM runs ORDER BY name").fetchall()
    assert runs == [("0001-C-C-C-C-s0", "FINISHED"), ("x", "FINISHED")]


class Server:
    """A real MLflow server on loopback that can be killed and started again."""

    def __init__(self, database: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._database, self._folder = database, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"]
        words += ["--port", str(self._port), "--backend-store-uri", self._database]
        self._process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            start_new_session=True,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        deadline = time.monotonic() + 100
        while not self._answers():
            assert time.monotonic() < deadline, "the server did not come up"
            assert self._process.poll() is None, "the server ended"
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


@pytest.fixture
def server(uri: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(uri, tmp_path)
    yield server
    server.kill()


@pytest.mark.slow
@pytest.mark.mlflow
@pytest.mark.timeout(400)
def test_a_server_that_is_down_then_up_then_killed_gets_everything_once(
    server: Server, uri: str, tmp_path: Path
) -> None:
    def opening() -> Backend:
        from nas.tracking.mlflow_backend import MlflowBackend

        return MlflowBackend(server.uri, story.facts(tmp_path))

    parts = [_trials(1, 5), _trials(5, 9), [*_trials(9, 13), StudyEnded(at=story.START + 9e4)]]
    pace = Pace(batch=0.05, first_retry=0.1, longest_retry=1.0)
    tracker = ThreadedTracker(SnapshotBuilder(), opening, uri=server.uri, pace=pace)
    costs = _observe(tracker, parts[0])
    _wait_for(lambda: tracker.trouble != "")  # nobody listens yet
    server.start()
    _wait_for(lambda: _epochs(uri) == 4 * 15)
    costs += _observe(tracker, parts[1])
    _wait_for(lambda: _epochs(uri) > 4 * 15)
    server.kill()  # in the middle of a batch, as likely as not
    costs += _observe(tracker, parts[2])
    server.start()
    assert tracker.close(deadline_s=100) == ""
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        runs = dict(database.execute("SELECT name, status FROM runs").fetchall())
        (count,) = database.execute("SELECT count(*) FROM runs").fetchone()
        steps = database.execute(
            "SELECT count(*), count(DISTINCT key || step || run_uuid) FROM metrics"
        ).fetchone()
    assert runs == {"digits": "FINISHED"} | {story.trial(n).id: "FINISHED" for n in range(1, 13)}
    assert count == 13
    assert steps == (12 * 15 * 14, 12 * 15 * 14)
    assert sorted(costs)[int(0.99 * len(costs))] < 1e-3


def _trials(first: int, stop: int) -> list[Record]:
    records: list[Record] = []
    for number in range(first, stop):
        records.append(story.planned(number))
        records.extend(story.segment(range(1, 16), Outcome.FINISHED, of=number))
    return records


def _observe(tracker: ThreadedTracker, records: list[Record]) -> list[float]:
    costs = []
    for record in records:
        before = time.perf_counter()
        tracker.observe(record)
        costs.append(time.perf_counter() - before)
    return costs


def _epochs(uri: str) -> int:
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        sql = "SELECT count(DISTINCT run_uuid || step) FROM metrics"
        return database.execute(sql).fetchone()[0]


def _wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
