"""Heavy libraries are imported only by what needs them."""

import subprocess
import sys

import pytest

HEAVY = {
    "torch", "ray", "optuna", "mlflow", "pandas", "kornia", "plotly", "pydantic", "rich", "sklearn",
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
}


@pytest.mark.parametrize("module", BUDGETS)
def test_import_budget(module):
    program = f"import sys, {module}; print(*(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()) <= BUDGETS[module]
