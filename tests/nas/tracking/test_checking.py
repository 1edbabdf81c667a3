"""What MLflow would say after training is said before it."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nas.errors import SpecError
from nas.spec.study import StudySpec, TrackingSpec
from nas.tracking.checking import check_tracking
from tests.nas.tracking import story

PLACE = Path("unused")


def spec(uri: str, experiment: str | None = None) -> StudySpec:
    tracking = TrackingSpec(uri=uri, experiment=experiment)
    return StudySpec(name="digits", space={}, tracking=tracking)


@contextmanager
def server(status: int, body: object = None, to: str = "") -> Iterator[tuple[str, list[str]]]:
    """Answer everything so; yield the address and what is asked, with who asks."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}".strip())
            self.send_response(status)
            if to:
                self.send_header("Location", to)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"127.0.0.1:{listening.server_port}", asked
        listening.shutdown()
        thread.join()


def experiment(stage: str) -> dict[str, dict[str, str]]:
    return {"experiment": {"name": "digits", "lifecycle_stage": stage}}


def test_a_deleted_experiment_is_refused_with_what_to_do() -> None:
    with (
        server(200, experiment("deleted")) as (host, asked),
        pytest.raises(SpecError, match=r"'a/b' .* was deleted: restore it .* tracking\.experiment"),
    ):
        check_tracking(spec(f"http://{host}", "a/b"), folder=PLACE)
    assert asked == ["/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%2Fb"]


@pytest.mark.parametrize(("status", "body"), [(200, experiment("active")), (404, {})])
def test_a_server_that_answers_is_no_news(status: int, body: object) -> None:
    with server(status, body) as (host, _):
        assert check_tracking(spec(f"http://{host}"), folder=PLACE) == ""


@pytest.mark.parametrize(("status", "body"), [(500, {}), (401, {}), (200, []), (200, "hello")])
def test_a_server_that_refuses_is_a_warning(status: int, body: object) -> None:
    with server(status, body) as (host, _):
        sentence = check_tracking(spec(f"http://{host}"), folder=PLACE)
    assert sentence.startswith(f"MLflow at http://{host} cannot be reached (")


def test_a_server_that_is_down_is_a_warning() -> None:
    with server(200) as (host, _):
        pass
    assert "(ConnectionRefusedError): training goes on" in check_tracking(
        spec(f"http://{host}"), folder=PLACE
    )


def test_no_redirect_is_followed() -> None:
    with (
        server(200, experiment("deleted")) as (inner, asked),
        server(302, to=f"http://{inner}/") as (host, _),
    ):
        assert "cannot be reached" in check_tracking(spec(f"http://{host}"), folder=PLACE)
    assert asked == []


def test_the_password_comes_from_the_environment_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAS_TEST_PASSWORD", "hunt@r2")
    with server(500) as (host, asked):
        sentence = check_tracking(spec(f"http://ann:$NAS_TEST_PASSWORD@{host}"), folder=PLACE)
    assert asked[0].endswith("Basic YW5uOmh1bnRAcjI=")  # ann:hunt@r2
    assert "hunt" not in sentence


def test_a_password_in_a_new_spec_is_refused_and_in_an_old_study_used() -> None:
    with server(404) as (host, asked):
        with pytest.raises(SpecError, match="holds a password") as caught:
            check_tracking(spec(f"http://ann:hunter2@{host}"), folder=PLACE)
        assert check_tracking(spec(f"http://ann:x@{host}"), folder=PLACE, fresh=False) == ""
    assert "hunter2" not in str(caught.value)
    assert len(asked) == 1


@pytest.mark.mlflow
def test_a_database_in_a_file_is_asked_too(uri: str) -> None:
    assert check_tracking(spec(uri), folder=PLACE) == ""
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (1, ?, ?)",
            ["digits", "deleted"],
        )
    with pytest.raises(SpecError, match="was deleted"):
        check_tracking(spec(uri), folder=PLACE)


def test_a_study_without_a_database_yet_is_no_news(tmp_path: Path) -> None:
    plain = StudySpec(name="digits", space={})
    assert check_tracking(plain, folder=tmp_path) == ""
    (tmp_path / "mlflow.db").touch()
    assert check_tracking(plain, folder=tmp_path) == ""


@pytest.mark.mlflow
def test_mlflow_itself_follows_no_redirect(mlflow_quiet: None, tmp_path: Path) -> None:
    from mlflow.exceptions import MlflowException

    from nas.tracking.mlflow_backend import MlflowBackend
    from nas.tracking.snapshots import SnapshotBuilder

    with (
        server(200, experiment("active")) as (inner, asked),
        server(302, to=f"http://{inner}/") as (host, outer),
    ):
        backend = MlflowBackend(f"http://{host}", story.facts(tmp_path))
        with pytest.raises(MlflowException, match="302"):
            backend.sync(SnapshotBuilder().snapshot())
    assert outer
    assert asked == []
