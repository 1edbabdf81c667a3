"""The benchmark of scaling runs a study on several raylets, with all of our driver."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.ray
@pytest.mark.timeout(300)
def test_a_few_segments_on_two_raylets():
    words = ["--segments", "8", "--slots", "4", "--seconds", "0.2"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("| 8 ")]
    assert row.count("|") == 7
    assert "ms each" in done.stdout
