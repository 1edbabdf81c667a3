"""The file of block times that a spec names, read in place of its name.

So a study holds what it was planned by, its fingerprint tells one table from another, and to go on
with it no file is needed.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nas.spec.choices import Metric, Price
from search_spaces.language.block_times import COMMAND
from search_spaces.language.document import Document
from search_spaces.language.errors import DocumentError, one_line
from search_spaces.language.overrides import COMMAND_LINE

KEY = ("space", "latency")
MAX_BYTES = 200_000  # with it the study's own spec is still one that can be read


def with_block_times(document: Document) -> Document:
    """Return the document with the content of the file that `space.latency` names, if it does.

    Raises:
        DocumentError: there is no such file, or it is no JSON.
    """
    space = document.values.get("space")
    named = space.get("latency") if isinstance(space, dict) else None
    if not isinstance(named, str):
        return document
    values = {**document.values, "space": {**space, "latency": _read(document, named)}}
    return Document(file=document.file, values=values, lines=document.lines)


def check_objectives(objectives: Collection[str], space: Mapping[str, Any], metric: Metric) -> None:
    """Check that a search for low latency can know it.

    Raises:
        ValueError: there is no table, or the metric judges networks that it is not of.
    """
    if {Price.LATENCY, f"-{Price.LATENCY}"}.isdisjoint(objectives):
        return
    if space.get("latency") is None:
        raise ValueError(f"search.objectives: latency needs a table of block times: {COMMAND}")
    if metric is Metric.TRANSFER:
        raise ValueError("search.objectives: block times are of networks not fine-tuned yet")


def _read(document: Document, named: str) -> Any:
    path = Path(named).expanduser()
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) <= MAX_BYTES:
            return json.loads(text)
        problem = f"'{one_line(named)}' is larger than {MAX_BYTES:,} bytes"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        problem = f"cannot read '{one_line(named)}': {one_line(reason)}"
    line = document.line(KEY) if document.lines else None
    raise DocumentError(
        document.file if line is not None else COMMAND_LINE,
        line,
        key=".".join(KEY),
        message=f"{problem}; `nas space latency SPEC --to FILE` measures a table of block times",
    )
