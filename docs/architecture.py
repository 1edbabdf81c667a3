"""The layers and modules of the tree, written from what is checked: the contract, and docstrings.

`python -m docs.generate` writes the layers into ARCHITECTURE.md and all of docs/modules.md.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from docs.markers import filled

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
MODULES = ROOT / "docs" / "modules.md"
CONTRACT = "imports only go down"
INTRODUCTION = """\
The first sentence of every module, room by room, the highest layer of
[ARCHITECTURE.md](../ARCHITECTURE.md) first. `python -m docs.generate` writes this page, and
`tests/test_docs.py` fails when it is out of date."""


def layers() -> list[list[str]]:
    """Return the layers of the contract in pyproject.toml, highest first; rooms of one as a list.

    Raises:
        StopIteration: there is no such contract.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    contract = next(each for each in contracts if each["name"] == CONTRACT)
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def layers_table() -> str:
    """Return a row a room, with the number of its layer and what it knows."""
    found = layers()
    lines = ["| layer | room | what it knows |", "|---|---|---|"]
    for number, rooms in zip(range(len(found), 0, -1), found, strict=True):
        lines += [f"| {number} | `{room}` | {first_sentence(room)} |" for room in rooms]
    return "\n".join(lines)


def modules_page() -> str:
    """Return docs/modules.md: every room with its modules, from their docstrings."""
    parts = [
        "# Modules",
        INTRODUCTION,
    ]
    for rooms in layers():
        for room in rooms:
            if _file(room).name == "__init__.py":
                parts += [f"## `{room}`", first_sentence(room), _table(room)]
    return "\n\n".join(parts) + "\n"


def first_sentence(module: str) -> str:
    """Return the first sentence of a module's docstring, on one line.

    Raises:
        ValueError: it has none.
    """
    text = ast.get_docstring(ast.parse(_file(module).read_text(encoding="utf-8"))) or ""
    sentence = re.match(r".+?[.?!](?=\s|$)", " ".join(text.split()))
    if sentence is None:
        raise ValueError(f"{module} does not begin with a sentence that says what it is")
    return sentence[0]


def documents() -> dict[Path, str]:
    """Return ARCHITECTURE.md and docs/modules.md with their content."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    parts = {"layers": layers_table}
    return {
        ARCHITECTURE: filled(text, parts, page=ARCHITECTURE.name),
        MODULES: modules_page(),
    }


def _table(room: str) -> str:
    lines = ["| module | what it is |", "|---|---|"]
    for name in _below(room):
        short = name.removeprefix(f"{room}.")
        lines.append(f"| `{short}` | {first_sentence(name)} |")
    return "\n".join(lines)


def _below(room: str) -> Iterator[str]:
    """Yield a room's modules, then those of each folder in it under the folder's own name."""
    folder = _file(room).parent
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("__"):
            yield f"{room}.{path.stem}"
    for path in sorted(folder.iterdir()):
        if (path / "__init__.py").is_file():
            yield f"{room}.{path.name}"
            yield from _below(f"{room}.{path.name}")


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
