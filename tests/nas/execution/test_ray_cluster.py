"""Reaching Ray: a dead address is said in seconds, what cannot fit at once; all on loopback."""

import os
import socket
import subprocess
import sys
import time

import pytest

from nas.errors import NoClusterError
from nas.execution.ray_cluster import _check_fits, connect
from nas.spec.study import ResourcesSpec


@pytest.mark.parametrize("address", ["nonsense", "host:port", "ray://", "127.0.0.1", ":6379"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(NoClusterError, match="must be HOST:PORT"):
        connect(address)


def test_a_dead_address_is_said_in_seconds():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(NoClusterError, match="Connection refused"):
        connect(f"127.0.0.1:{port}")
    assert time.monotonic() - begun < 10  # Ray itself would try for minutes


def test_the_address_file_of_a_cluster_that_is_gone_is_said_in_seconds(tmp_path, monkeypatch):
    from ray._private import services

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setattr(services, "find_gcs_addresses", set)  # of other Rays on this machine
    with pytest.raises(NoClusterError, match="'auto': no Ray runs on this machine"):
        connect(None)
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(f"127.0.0.1:{port}")
    begun = time.monotonic()
    with pytest.raises(NoClusterError, match=f":{port}: Connection refused"):
        connect(None)
    assert time.monotonic() - begun < 10


def test_a_token_that_is_missing_is_said_with_what_to_do(tmp_path):
    """In a process of its own: Ray reads its settings when it is imported."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"from nas.execution.ray_cluster import connect; connect('127.0.0.1:{port}')"
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "RAY_AUTH_MODE": "token", "HOME": str(tmp_path)},
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"nas.errors.NoClusterError: no Ray cluster at 127.0.0.1:{port} takes")
    assert "RAY_AUTH_TOKEN" in last


def node(alive: bool = True, **resources: float) -> dict:
    return {"Alive": alive, "Resources": resources}


def test_a_trial_must_fit_one_living_node():
    _check_fits([node(CPU=1), node(CPU=4, GPU=1)], ResourcesSpec(cpus=3, gpus=0.5))
    with pytest.raises(
        NoClusterError, match="on one node; of 2 the nearest to it has 4 CPU and 0 GPU"
    ):
        _check_fits([node(CPU=1), node(CPU=4)], ResourcesSpec(cpus=4, gpus=1))
    with pytest.raises(NoClusterError, match="nearest to it has 4 CPU and 1 GPU"):
        _check_fits([node(CPU=64), node(CPU=4, GPU=1)], ResourcesSpec(cpus=4, gpus=2))
    little = ResourcesSpec(memory="2G")
    _check_fits([node(CPU=4, memory=2e9)], little)
    with pytest.raises(
        NoClusterError, match=r"and 2 GB of memory on one node; .* 1 GB .*; lower resources.memory$"
    ):
        _check_fits([node(CPU=4, memory=1e9)], little)
    with pytest.raises(NoClusterError, match="0 CPU and 0 GPU"):
        _check_fits([node(alive=False, CPU=8)], ResourcesSpec())


LISTENING = """
import psutil
from contextlib import closing
from nas.execution.ray_executor import RayExecutor
from nas.spec.study import ResourcesSpec

with closing(RayExecutor()) as executor:
    executor.prepare(ResourcesSpec())
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    print(len(family), *{
        connection.laddr.ip
        for process in family
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    })
"""


@pytest.mark.ray
@pytest.mark.slow
def test_a_local_ray_listens_on_loopback_only():
    """In a process of its own, as `nas` is: Ray reads the setting when it is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", LISTENING],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=90,
    )
    processes, *addresses = done.stdout.split()
    assert int(processes) > 3
    assert addresses
    assert {address.removeprefix("::ffff:") for address in addresses} <= {"127.0.0.1", "::1"}


BEHEADED = """
import sys, time
import psutil
from nas.execution.ray_executor import RayExecutor
from nas.spec.study import ResourcesSpec

executor = RayExecutor()
executor.prepare(ResourcesSpec())
(head,) = (each for each in psutil.Process().children() if each.name() == "gcs_server")
head.kill()
print("killed", flush=True)
time.sleep(120)
print("still there")
"""


@pytest.mark.ray
@pytest.mark.slow
def test_a_driver_whose_own_head_is_gone_ends_within_half_a_minute():
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    process = subprocess.Popen(
        [sys.executable, "-c", BEHEADED], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "killed\n"
        begun = time.monotonic()
        said, _ = process.communicate(timeout=100)
    finally:
        process.kill()
    assert said == ""
    assert process.returncode != 0
    assert time.monotonic() - begun < 30  # Ray itself would try for a minute
