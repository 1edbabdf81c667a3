"""A head of a Ray cluster in this machine, with a dashboard on loopback and a token of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_NOTHING: Mapping[str, str] = {}
RAY = Path(sys.executable).with_name("ray")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What a client is told of a cluster."""

    address: str
    token: str

    def environment(self, *, token: str | None = None) -> dict[str, str]:
        """Return the environment of someone who has the token, or another one."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        return {**kept, "RAY_AUTH_TOKEN": self.token if token is None else token}


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def started_head(*, cpus: int = 2, given: Mapping[str, str] = _NOTHING) -> Iterator[Head]:
    """Start a head whose processes are `given` variables; they and its files end with the block."""
    # The sockets of a session want a path of 107 bytes at most: pytest's folders are too deep.
    with TemporaryDirectory(prefix="nas-", dir="/tmp") as name:
        yield from _started(Path(name), cpus, given)


def _started(folder: Path, cpus: int, given: Mapping[str, str]) -> Iterator[Head]:
    # The agent's usual port is one for all clusters of a machine; workers take 10002 and up.
    dashboard, agent = free_ports(2)
    head = Head(address=f"http://127.0.0.1:{dashboard}", token=secrets.token_hex(32))
    environment = {
        **head.environment(),
        **given,
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PATH": f"{RAY.parent}{os.pathsep}{os.environ['PATH']}",
    }
    options = {
        "port": 0,
        "num-cpus": cpus,
        "object-store-memory": 100_000_000,
        "dashboard-host": "127.0.0.1",
        "dashboard-port": dashboard,
        "dashboard-agent-listen-port": agent,
        "temp-dir": folder,
    }
    words = [f"--{key}={value}" for key, value in options.items()]
    with (folder / "head.log").open("wb") as log:
        process = subprocess.Popen(
            [str(RAY), "start", "--head", "--block", "--include-dashboard=true", *words],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(head, process, folder / "head.log")
        yield head
    finally:
        process.terminate()  # with --block it takes all of its processes along
        process.wait(timeout=60)


def _wait(head: Head, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    request = urllib.request.Request(
        f"{head.address}/api/version", headers={"Authorization": f"Bearer {head.token}"}
    )
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())
