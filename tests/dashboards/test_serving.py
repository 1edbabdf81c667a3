"""Where the server listens, and what it refuses to listen without."""

import socket
import threading
import urllib.request
from contextlib import nullcontext

import pytest
import uvicorn

from dashboards.serving import listen, read_token, serve
from nas.errors import NotFoundError, SpecError
from tests.dashboards.served import FIXTURES

TOKEN = "x" * 43


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "some.example", "", "127.1.evil"])
def test_others_are_not_listened_to_without_a_token(host):
    with pytest.raises(SpecError, match="--token-file"):
        listen(host, 0, token=None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.8.8"])
def test_this_machine_needs_none(host):
    with listen(host, 0, token=None) as listening:
        assert listening.getsockname()[0].startswith("127.")


def test_with_a_token_it_may_listen_anywhere():
    with listen("0.0.0.0", 0, token=TOKEN) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


def test_a_port_in_use_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SpecError, match="--port 0 takes a free one"):
            listen("127.0.0.1", port, token=None)


@pytest.fixture
def file(tmp_path):
    found = tmp_path / "token"
    found.write_text(f"{TOKEN}\n")
    found.chmod(0o600)
    return found


def test_tokens_are_read_from_files(file):
    assert read_token(file) == TOKEN


@pytest.mark.parametrize("text", ["", "short", "x" * 21, "\u00e9" * 30, "a" * 20 + "\n" + "b" * 20])
def test_weak_tokens_are_refused(file, text):
    file.write_text(text)
    with pytest.raises(SpecError, match="22 characters"):
        read_token(file)


def test_tokens_that_everybody_can_read_are_refused(file):
    file.chmod(0o644)
    with pytest.raises(SpecError, match="chmod 600"):
        read_token(file)


def test_tokens_that_are_not_there(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(NotFoundError, match="--token-file"):
            read_token(path)


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1")]
)
def test_it_serves_and_says_where(monkeypatch, host, shown):
    servers: list[uvicorn.Server] = []
    real = uvicorn.Server.__init__

    def keep(self, config):
        real(self, config)
        servers.append(self)

    monkeypatch.setattr(uvicorn.Server, "__init__", keep)
    monkeypatch.setattr(uvicorn.Server, "capture_signals", lambda _self: nullcontext())
    address: list[str] = []
    said = threading.Event()

    def ready(where):
        address.append(where)
        said.set()

    listening = listen(host, 0, token=None)
    thread = threading.Thread(
        target=serve,
        args=(FIXTURES, listening),
        kwargs={"token": None, "hosts": (), "prefix": "/nas", "ready": ready},
    )
    thread.start()
    try:
        assert said.wait(30)
        assert address[0].startswith("http://127.0.0.1:")
        assert address[0].endswith("/nas/")
        with urllib.request.urlopen(address[0], timeout=30) as answer:
            assert b"finished" in answer.read()
            assert "uvicorn" not in str(answer.headers).lower()
    finally:
        servers[0].should_exit = True
        thread.join(30)
    assert not thread.is_alive()
