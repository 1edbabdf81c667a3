"""The modules of the repository, and which of the others each one imports."""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("nas", "dashboards", "coatnet", "search_spaces")


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the files of all modules by dotted name; a package's is its `__init__.py`."""
    found: dict[str, Path] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(root: Path = ROOT) -> dict[str, frozenset[str]]:
    """Return which modules each module names in an import, wherever that stands.

    Within a function or under TYPE_CHECKING counts too: a circle is one, whenever it closes.
    """
    there = modules(root)
    return {
        name: frozenset(named(path.read_text(encoding="utf-8"), there)) - {name}
        for name, path in there.items()
    }


def named(source: str, there: Collection[str]) -> Iterator[str]:
    """Yield the modules of `there` that a source imports: of a package's names, the modules."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in there)
        elif isinstance(node, ast.ImportFrom) and node.module in there:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from whole & set(there)
            if whole - set(there):
                yield node.module


def circles(graph: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return the groups of modules that reach one another, each sorted."""
    reached = {name: _reached(name, graph) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return sorted(groups)


def _reached(start: str, graph: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found
