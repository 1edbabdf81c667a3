"""Heavy libraries are imported only by what needs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "torch", "ray", "optuna", "mlflow", "pandas", "kornia", "plotly", "pydantic", "rich", "sklearn",
    "scipy.stats", "scipy.interpolate",
}  # fmt: skip

BUDGETS = {
    "nas.cli.main": set(),
    "nas.study.records": set(),
    "coatnet": set(),
    "search_spaces.language.parse": set(),
    "nas.spec.file": {"pydantic"},
    "nas.networks.registry": set(),
    "nas.search.build": {"pydantic"},
    "nas.study.journal": {"pydantic"},
    "nas.study.folder": {"pydantic"},
    "nas.data.load": {"pydantic"},
    "nas.data.sources": {"pydantic"},
    "nas.tables.listings": {"pydantic", "pandas"},
    # what `nas status` and `nas rank` import, before they have read anything
    "nas.cli.listing": {"pandas", "rich"},
    "nas.cli.output": {"pandas", "rich", "pydantic"},
    "nas.reading.target": {"pandas", "pydantic"},
}


@pytest.mark.parametrize("module", BUDGETS)
def test_import_budget(module):
    program = f"import sys, {module}; print(*(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()) <= BUDGETS[module]


SCRIPTS = sorted([*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "docs").glob("*.py")])


# All in one process: each would import torch again.
_FIND = """
import runpy, sys, traceback
for path in sys.argv[1:]:
    try:
        runpy.run_path(path)
    except BaseException:
        print(path, traceback.format_exc().splitlines()[-1])
"""


@pytest.mark.slow
def test_scripts_that_no_test_runs_find_what_they_import():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FIND, *map(str, SCRIPTS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
