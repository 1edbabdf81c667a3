"""A figure as a table: what is drawn, as text, for whoever cannot or would not look."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from plotly import graph_objects as go

MOST = 2000  # rows that a page lists; the file has all


def figure_frame(figure: go.Figure) -> pd.DataFrame:
    """One row a point of each trace: its name, x, y, and what stands beside it."""
    rows: list[dict[str, object]] = []
    traces: tuple[Any, ...] = tuple(figure.data)
    for number, trace in enumerate(traces, 1):
        name = trace.name or f"series {number}"
        if trace.type == "heatmap":
            rows += _cells(trace, name)
            continue
        xs, ys = _list(trace.x), _list(trace.y)
        texts = _list(getattr(trace, "text", None))
        for i in range(max(len(xs), len(ys))):
            x, y = _at(xs, i), _at(ys, i)
            if x is None and y is None:
                continue
            rows.append({"series": name, "x": x, "y": y, "text": _at(texts, i)})
    frame = pd.DataFrame(rows, columns=["series", "x", "y", "text"])
    return frame.drop(columns="text") if frame["text"].isna().all() else frame


def _cells(trace: Any, name: str) -> list[dict[str, object]]:
    xs, ys, texts = (_list(getattr(trace, each, None)) for each in ("x", "y", "text"))
    values = _list(getattr(trace, "z", None))
    return [
        {"series": name, "x": _at(xs, column), "y": _at(ys, row), "text": _cell(texts, row, column)}
        for row, line in enumerate(values)
        for column in range(len(_list(line)))
    ]


def _cell(texts: Sequence[object], row: int, column: int) -> object:
    line = _at(texts, row)
    return _at(_list(line), column)


def _list(values: object) -> list[object]:
    if values is None:
        return []
    if isinstance(values, (str, int, float)):
        return [values]
    return list(values) if isinstance(values, Iterable) else [values]


def _at(values: Sequence[object], index: int) -> object:
    return values[index] if index < len(values) else None
