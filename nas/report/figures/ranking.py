"""The ranking drawn: every score with its interval, every pair with its claim."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from plotly import graph_objects as go

from nas.ranking.result import WITHHELD, Symbol
from nas.report.style import (
    GRID,
    INK,
    LayoutStyle,
    dress,
    interval,
    plain,
    rows_of,
    score_axis,
    shorten,
)

_MIRRORED = {"≫": "≪", ">": "<", "≥": "≤", "≈": "≈", "?": "?"}
# From much worse to much better, light enough for dark text; colour tells the claim, not the size.
_CLAIMS = {
    "≪": "#eda06b",
    "<": "#f6c9a8",
    "≤": "#fbe6d8",
    "?": "#ffffff",
    "≈": "#e4e7eb",
    "≥": "#dcebf6",
    ">": "#b3d4ec",
    "≫": "#7fb6dc",
}
_LINE = 66  # characters of a name and the order right of it: what 640 pixels have room for
_ROOM_FOR_NUMBERS = 12  # layouts in a matrix whose cells have room for more than a symbol


def scores(ranking: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Each layout's score with its interval, the best on top; hollow where claims are withheld."""
    figure = go.Figure()
    for row in rows_of(ranking):
        look = looks[row.label]
        figure.add_scatter(
            x=[row.score],
            y=[plain(row.label)],
            name=plain(row.label),
            mode="markers",
            marker=look.dot(size=12, hollow=bool(row.withheld)),
            error_x=look.whiskers(row),
            hovertemplate=f"{row.score:.2%} over {row.seeds} seeds{interval(row)}",
        )
        figure.add_annotation(
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=10,
            y=plain(row.label),
            text=f"<b>{row.score:.2%}</b>",
            showarrow=False,
        )
    figure.update_xaxes(title_text="score: evaluation accuracy", **score_axis(ranking))
    names = [plain(layout) for layout in ranking["label"]]
    short = [plain(shorten(layout)) for layout in ranking["label"]]
    figure.update_yaxes(autorange="reversed", type="category", tickvals=names, ticktext=short)
    lines = _order_lines(ranking)
    dress(figure, height=130 + 24 * len(lines) + 40 * len(ranking), legend=False)
    # No title: plotly cuts one of several lines at the top.
    figure.add_annotation(
        text="<br>".join(lines),
        name="order",
        align="left",
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=10,
        showarrow=False,
        font={"size": 15},
    )
    return figure.update_layout(margin={"t": 24 + 24 * len(lines), "r": 90})


def pairwise(relations: pd.DataFrame, layouts: list[str]) -> go.Figure:
    """What is claimed of each row against each column, with the difference in points."""
    codes = {symbol: code for code, symbol in enumerate(_CLAIMS)}
    claims: dict[tuple[str, str], tuple[str, str, float]] = {}  # code's symbol, text, difference
    for row in rows_of(relations):
        symbol = Symbol(row.symbol).value
        mirrored = _MIRRORED[symbol]
        bar = WITHHELD if row.withheld else ""
        claims[row.a, row.b] = symbol, bar or symbol, row.difference
        claims[row.b, row.a] = mirrored, bar or mirrored, -row.difference
    numbers = len(layouts) <= _ROOM_FOR_NUMBERS
    names = [plain(layout) for layout in layouts]
    short = [plain(shorten(layout)) for layout in layouts]
    cells = [[claims.get((row, column)) for column in layouts] for row in layouts]
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=[[cell and codes[cell[0]] for cell in line] for line in cells],
            zmin=-0.5,
            zmax=len(codes) - 0.5,
            colorscale=[
                [(code + edge) / len(codes), _CLAIMS[symbol]]
                for symbol, code in codes.items()
                for edge in (0, 1)
            ],
            text=[[_cell_text(cell, numbers=numbers) for cell in line] for line in cells],
            texttemplate="%{text}",
            textfont={"size": 14, "color": INK},
            hoverinfo="skip",
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    ticks: dict[str, Any] = {"type": "category", "tickvals": names, "ticktext": short}
    figure.update_xaxes(side="top", showgrid=False, automargin=True, **ticks)
    figure.update_xaxes(autotickangles=[0, -45, -90])
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks)
    dress(figure, height=120 + (52 if numbers else 30) * len(layouts), legend=False)
    figure.update_xaxes(ticks="", showline=False)
    figure.update_yaxes(ticks="", showline=False)
    return figure.update_layout(margin={"b": 16}, shapes=_cell_borders(len(layouts)))


def _cell_borders(count: int) -> list[dict[str, Any]]:
    """Return lines around all cells: where nothing is decided, they are as white as the page."""
    line = {"type": "line", "line": {"color": GRID, "width": 1}}
    across = {"xref": "x domain", "x0": 0, "x1": 1}
    along = {"yref": "y domain", "y0": 0, "y1": 1}
    places = [i - 0.5 for i in range(count + 1)]
    return [
        *({**line, **across, "yref": "y", "y0": place, "y1": place} for place in places),
        *({**line, **along, "xref": "x", "x0": place, "x1": place} for place in places),
    ]


def _order_lines(ranking: pd.DataFrame) -> list[str]:
    """Return the order line, broken so that it fits above a figure, right of the names."""
    room = _LINE - max(len(shorten(layout)) for layout in ranking["label"])
    lines = [""]
    for row in rows_of(ranking):
        mark = WITHHELD if row.next_withheld else row.symbol
        name = row.label if pd.isna(row.symbol) else f"{row.label} {mark} "
        if lines[-1] and len(lines[-1]) + len(name) > room:
            lines.append("")
        lines[-1] += name
    return [plain(line) for line in lines]


def _cell_text(cell: tuple[str, str, float] | None, *, numbers: bool) -> str:
    if cell is None:
        return ""
    _, said, difference = cell
    symbol = f"<b>{plain(said)}</b>"
    return f"{symbol}<br>{100 * difference:+.1f}" if numbers else symbol
