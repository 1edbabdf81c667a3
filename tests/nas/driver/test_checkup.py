"""Each thing that would stop a study is found, and said with what to do."""

from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from nas.driver.checkup import (
    GIB,
    Verdict,
    check_dashboard,
    check_inside,
    check_nodes,
    check_tracking,
)
from nas.execution.ray_checkup import NodeFacts
from tests.nas.head import free_ports

FINE = NodeFacts(
    node="one",
    python="3.11.7",
    libraries=(("ray", "2.60.0"), ("torch", "2.13.0"), ("coatnet-nas", "0.2")),
    free_bytes=100 * GIB,
    storage_free_bytes=100 * GIB,
)
OTHER_RAY = (("ray", "2.59.0"), *FINE.libraries[1:])
NO_TORCH = (FINE.libraries[0], ("torch", ""), FINE.libraries[2])
OTHER_TORCH = (FINE.libraries[0], ("torch", "2.12"), FINE.libraries[2])


def of(*nodes: NodeFacts) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for each in check_nodes(FINE, nodes, "/shared"):
        found.setdefault(each.check, []).append(each.verdict)
    return found


def test_equal_nodes_are_fine():
    assert of(FINE, replace(FINE, node="two")) == {
        name: [Verdict.OK] for name in ("versions", "storage", "gpus", "disk")
    }


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"python": "3.12.1"}, "versions", Verdict.FAIL),
        ({"libraries": OTHER_RAY}, "versions", Verdict.FAIL),
        ({"libraries": NO_TORCH}, "versions", Verdict.FAIL),
        ({"libraries": OTHER_TORCH}, "versions", Verdict.WARN),
        ({"reads_storage": False}, "storage", Verdict.FAIL),
        ({"writes_storage": False}, "storage", Verdict.FAIL),
        ({"ray_gpus": 2.0, "torch_gpus": 1}, "gpus", Verdict.FAIL),
        ({"free_bytes": 2 * GIB}, "disk", Verdict.WARN),
        ({"free_bytes": GIB // 2}, "disk", Verdict.FAIL),
        ({"problem": "timed out"}, "nodes", Verdict.FAIL),
    ],
)
def test_what_differs_on_one_node_is_found(changes, check, verdict):
    odd = replace(FINE, node="odd", **changes)
    assert of(FINE, odd)[check] == [verdict]
    words = [each.words for each in check_nodes(FINE, (FINE, odd), "/shared")]
    assert any("odd" in each for each in words)


def test_little_storage_is_said():
    low = replace(FINE, storage_free_bytes=2 * GIB)
    assert of(low)["storage"] == [Verdict.OK, Verdict.WARN]


def test_a_package_that_is_sent_along_needs_not_be_there():
    bare = replace(FINE, libraries=(*FINE.libraries[:2], ("coatnet-nas", "")))
    assert of(bare)["versions"] == [Verdict.OK]


@contextmanager
def server(code: int):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(("code", "words"), [(200, "for this machine"), (401, "wants a token")])
def test_a_dashboard_with_a_token_or_on_loopback_is_fine(code, words):
    with server(code) as url:
        finding = check_dashboard(url)
    assert finding.verdict is Verdict.OK
    assert words in finding.words


def test_an_open_dashboard_that_others_reach_fails(monkeypatch):
    with server(200) as url:
        # the same server under a name that is not known to be of this machine
        monkeypatch.setattr("nas.driver.checkup.is_loopback", lambda _: False)
        finding = check_dashboard(url)
    assert finding.verdict is Verdict.FAIL
    assert "RAY_AUTH_MODE=token" in finding.words


def test_mlflow_answers_or_does_not():
    with server(200) as url:
        assert check_tracking(url).verdict is Verdict.OK
    (port,) = free_ports(1)
    assert check_tracking(f"http://127.0.0.1:{port}").verdict is Verdict.FAIL
    assert check_tracking("off").verdict is Verdict.OK
    assert check_tracking("file:///tmp/x").verdict is Verdict.FAIL


def test_this_machine_alone_is_looked_at_and_left_as_it_was(tmp_path):
    found = {each.check: each.verdict for each in check_inside(None, str(tmp_path), alone=True)}
    assert found["storage"] in (Verdict.OK, Verdict.WARN)
    assert found["versions"] is Verdict.OK
    assert list(tmp_path.iterdir()) == []


def test_storage_that_cannot_be_written_fails(tmp_path):
    (tmp_path / "file").touch()
    found = list(check_inside(None, str(tmp_path / "file" / "x"), alone=True))
    assert found[0].check == "storage"
    assert found[0].verdict is Verdict.FAIL


@pytest.mark.slow
def test_an_object_store_is_a_place_for_studies(bucket, object_server):
    found = {each.check: each for each in check_inside(None, f"{bucket}/s", alone=True)}
    assert found["storage"].verdict is Verdict.OK
    object_server.refuse = lambda _request: 403
    (first, *_) = check_inside(None, f"{bucket}/s", alone=True)
    assert (first.check, first.verdict) == ("storage", Verdict.FAIL)
    assert "403 Forbidden" in first.words or "403 Refused" in first.words
    assert "lets this machine in" in first.words
