"""A notebook that has Ray running keeps it; what we started ends with us."""

import os
import subprocess
import sys
import tempfile

import pytest

PROGRAM = """
import signal
from contextlib import closing
from nas.execution.ray_cluster import connect
from nas.execution.ray_executor import RayExecutor
from nas.spec.study import ResourcesSpec

handler = lambda *_: None
signal.signal(signal.SIGTERM, handler)
if {first}:
    assert connect(None)  # as a notebook would have
with closing(RayExecutor()) as executor:
    executor.prepare(ResourcesSpec())
    executor.prepare(ResourcesSpec(cpus=0.5))
    print(signal.getsignal(signal.SIGTERM) is handler)  # Ray puts its own there
import ray
print(ray.is_initialized())
ray.shutdown()
import os, pathlib
left = list((pathlib.Path(os.environ["RAY_TMPDIR"]) / "ray").glob("session_*"))
print(len(left) > 0)
"""


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_only_a_ray_of_our_own_is_ended_and_its_folder_removed(first):
    """In a process of its own: Ray reads its settings when it is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # Ray's sockets need a short path
        environment["RAY_TMPDIR"] = folder
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(first=first)],
            env=environment, check=True, capture_output=True, text=True, timeout=90,
        )  # fmt: skip
    assert done.stdout.split() == ["True", str(first), str(first)]
