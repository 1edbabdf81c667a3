"""The benchmark of GPUs goes through all of its lines on a CPU, so that it will on a card."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.mlflow
@pytest.mark.timeout(300)
def test_every_line_runs_on_a_cpu():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", "--cpu"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    lines = done.stdout.splitlines()
    for word in (
        "logits",
        "gradients",
        "tests that need",
        "timm",
        "16 seeds by vmap",
        "five layouts",
    ):
        assert any(word in line for line in lines), word
    assert not any("missed" in line for line in lines)
