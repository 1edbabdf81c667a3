"""What a kind of network can do is asked of its family: nothing else tells the kinds apart."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "nas").rglob("*.py"))
KINDS = {"CoAtNet", "CoAtNetConfig", "BaselineConfig"}


def last(node: ast.AST) -> str:
    """Return C of C and of a.b.C."""
    return getattr(node, "attr", getattr(node, "id", ""))


def mentions(node: ast.AST) -> bool:
    return any(last(part) in KINDS for part in ast.walk(node))


def told_apart(source: str) -> list[int]:
    """Return the lines that ask a network, or its config, for its type."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        asks = isinstance(node, ast.Call) and last(node.func) in ("isinstance", "issubclass")
        if (
            (asks and any(mentions(argument) for argument in node.args[1:]))
            or (isinstance(node, ast.MatchClass) and last(node.cls) in KINDS)
            or (isinstance(node, ast.Compare) and any(map(mentions, node.comparators)))
        ):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_asks_a_network_for_its_kind(path: Path) -> None:
    assert told_apart(path.read_text()) == [], "ask `nas.networks.registry.family_of` instead"


@pytest.mark.parametrize(
    "bad",
    [
        "isinstance(config, BaselineConfig)",
        "isinstance(model, coatnet.CoAtNet)",
        "isinstance(x, (int, CoAtNetConfig))",
        "isinstance(x, int | CoAtNetConfig)",
        "issubclass(kind, CoAtNetConfig)",
        "type(config) is records.BaselineConfig",
        "match config:\n    case CoAtNetConfig(stages=stages):\n        pass",
    ],
)
def test_the_scan_finds_what_it_looks_for(bad: str) -> None:
    assert len(told_apart(bad)) == 1


@pytest.mark.parametrize("good", ["isinstance(x, Cost)", "x: CoAtNetConfig = made", "a == b"])
def test_the_scan_passes_what_is_allowed(good: str) -> None:
    assert told_apart(good) == []
