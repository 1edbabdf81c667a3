"""Rules about the source itself: what is dangerous is not called, what is long is split."""

import ast
import itertools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    itertools.chain.from_iterable(
        (ROOT / p).rglob("*.py") for p in ("nas", "dashboards", "coatnet", "search_spaces")
    )
)
LONGEST = 300

FORBIDDEN = {
    "eval", "exec", "pickle.load", "pickle.loads", "cloudpickle.load", "cloudpickle.loads",
    "torch.load", "yaml.load", "np.load", "numpy.load", "pd.read_pickle", "os.system",
    "tempfile.mktemp", "marshal.loads", "shelve.open",
}  # fmt: skip


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def findings(source: str) -> list[str]:
    """Return what a source calls and must not, and what it binds or spawns unsafely."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            found += [name] if name in FORBIDDEN else []
            found += [
                "shell=True"
                for keyword in node.keywords
                if keyword.arg == "shell"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value
            ]
            if name.endswith(".extractall"):
                found.append("extractall")
        if isinstance(node, ast.Constant) and node.value == "0.0.0.0":
            found.append("0.0.0.0")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_dangerous_is_called(path):
    assert findings(path.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "import torch\ntorch.load('x')",
        "eval('1')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "host = '0.0.0.0'",
        "archive.extractall('x')",
    ],
)
def test_the_scan_finds_what_it_looks_for(bad):
    assert len(findings(bad)) == 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_open_with_their_reason_and_stay_short(path):
    source = path.read_text()
    assert ast.get_docstring(ast.parse(source)), "one sentence: why this module exists"
    assert len(source.splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_is_public_is_documented(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} at line {node.lineno}"
