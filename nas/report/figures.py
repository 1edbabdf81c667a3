"""Figures of a study, drawn from tables alone, so that a report and a live page show the same.

Tables are those of `nas.views`; accuracies arrive as fractions and are shown in percent. `looks`
are `nas.report.style.styles` of all labels of the study, so that a layout keeps its colour.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.ranking.result import Symbol
from nas.report.style import (
    INK,
    MUTED,
    LayoutStyle,
    accuracy_axis,
    by_convolution,
    dress,
    loss_axis,
    plain,
    score_axis,
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
_LINE = 90  # characters of a title
_ROOM_FOR_NUMBERS = 12  # layouts in a matrix whose cells have room for more than a symbol


def learning_curves(epochs: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Training loss and evaluation accuracy against epochs: median line, band from min to max."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.11)
    accuracy = accuracy_axis(epochs["evaluation_accuracy"].tolist(), title="evaluation accuracy")
    for label in by_convolution(epochs["label"]):
        rows = epochs[epochs["label"] == label].groupby("epoch")
        for column, name in ((1, "probe_loss"), (2, "evaluation_accuracy")):
            spread = rows[name].agg(["min", "median", "max"])
            drawn = {
                kind: accuracy.place(spread[kind]) if column == 2 else spread[kind].tolist()
                for kind in spread.columns
            }
            at = [int(epoch) for epoch in spread.index]
            figure.add_traces(
                _band_and_line(label, at, drawn, looks[label]), rows=1, cols=[column] * 2
            )
            figure.data[-1].update(
                showlegend=column == 1,
                customdata=spread.to_numpy().tolist(),
                hovertemplate="epoch %{x}: %{customdata[1]:.2%}, %{customdata[0]:.2%} to "
                "%{customdata[2]:.2%}"
                if column == 2
                else "epoch %{x}: %{y:.4g}, %{customdata[0]:.4g} to %{customdata[2]:.4g}",
            )
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    losses = loss_axis(epochs["probe_loss"].tolist(), title="training loss (probe), nats")
    figure.update_yaxes(**losses, row=1, col=1)
    figure.update_yaxes(**accuracy.axis, row=1, col=2)
    return dress(figure, height=460)


def generalization(
    epochs: pd.DataFrame,
    ranking: pd.DataFrame,
    *,
    looks: Mapping[str, LayoutStyle],
    equal_loss: float | None,
) -> go.Figure:
    """Evaluation accuracy against training loss, one line a seed: generalization, as defined.

    The dashed line is l*, `equal_loss` in nats; where it stands the markers show the scores.
    """
    figure = go.Figure()
    scores = ranking["score"].tolist() if equal_loss is not None else []
    accuracy = accuracy_axis([*epochs["evaluation_accuracy"], *scores], title="evaluation accuracy")
    for label in by_convolution(epochs["label"]):
        for i, (seed, rows) in enumerate(epochs[epochs["label"] == label].groupby("seed")):
            lows = rows[rows["probe_loss"] < rows["probe_loss"].cummin().shift(fill_value=math.inf)]
            figure.add_scatter(
                x=lows["probe_loss"].tolist(),
                y=accuracy.place(lows["evaluation_accuracy"]),
                name=plain(label),
                legendgroup=plain(label),
                showlegend=i == 0,
                mode="lines+markers",
                line={"color": looks[label].color, "width": 1.6},
                marker={"symbol": looks[label].marker, "size": 4},
                customdata=lows[["epoch", "evaluation_accuracy"]].to_numpy().tolist(),
                hovertemplate=f"seed {seed}, epoch %{{customdata[0]}}: %{{customdata[1]:.2%}} at "
                "loss %{x:.4g}",
            )
    if equal_loss is not None:
        _mark_level(figure, equal_loss)
        for row in _rows(ranking):
            figure.add_scatter(
                x=[equal_loss],
                y=accuracy.place([row.score]),
                name=plain(row.layout),
                legendgroup=plain(row.layout),
                showlegend=False,
                mode="markers",
                marker=looks[row.layout].dot(size=13),
                customdata=[row.score],
                hovertemplate="score %{customdata:.2%}",
            )
    losses = loss_axis(
        epochs["probe_loss"].tolist(),
        title="training loss (probe), nats: training proceeds to the right",
    )
    figure.update_xaxes(**losses, autorange="reversed")
    figure.update_yaxes(**accuracy.axis)
    return dress(figure, height=520)


def scores(ranking: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Each layout's score with its interval, the best on top."""
    figure = go.Figure()
    for row in _rows(ranking):
        figure.add_scatter(
            x=[row.score],
            y=[plain(row.layout)],
            name=plain(row.layout),
            mode="markers",
            marker=looks[row.layout].dot(size=12),
            error_x=looks[row.layout].whiskers(row),
            hovertemplate=f"{row.score:.2%} over {row.seeds} seeds{_interval(row)}",
        )
        figure.add_annotation(
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=10,
            y=plain(row.layout),
            text=f"<b>{row.score:.2%}</b>",
            showarrow=False,
        )
    figure.update_xaxes(title_text="score: evaluation accuracy", **score_axis(ranking))
    figure.update_yaxes(autorange="reversed", type="category")
    lines = _order_lines(ranking)
    dress(figure, height=130 + 26 * len(lines) + 40 * len(ranking), legend=False)
    return figure.update_layout(
        title={
            "text": "<br>".join(lines),
            "x": 0.01,
            "yref": "container",
            "y": 1,
            "yanchor": "top",
        },
        title_pad={"t": 12},
        title_font={"size": 17},
        margin={"t": 24 + 26 * len(lines), "r": 90},
    )


def pairwise(relations: pd.DataFrame, layouts: list[str]) -> go.Figure:
    """What is claimed of each row against each column, with the difference in points."""
    codes = {symbol: code for code, symbol in enumerate(_CLAIMS)}
    claims: dict[tuple[str, str], tuple[str, float]] = {}
    for row in _rows(relations):
        claims[row.a, row.b] = str(row.symbol), row.difference
        claims[row.b, row.a] = _MIRRORED[Symbol(row.symbol).value], -row.difference
    numbers = len(layouts) <= _ROOM_FOR_NUMBERS
    names = [plain(layout) for layout in layouts]
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
    figure.update_xaxes(side="top", type="category", showgrid=False, automargin=True)
    figure.update_xaxes(tickangle=0 if numbers else -90)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    dress(figure, height=110 + (56 if numbers else 30) * len(layouts), legend=False)
    figure.update_xaxes(ticks="", showline=False)
    figure.update_yaxes(ticks="", showline=False)
    return figure.update_layout(margin={"b": 16})


def cost(ranking: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Score against what a layout costs: multiply-adds of an image, and parameters."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.1, shared_yaxes=True)
    for row in _rows(ranking):
        for column, size in ((1, row.macs), (2, row.parameters)):
            figure.add_scatter(
                x=[size],
                y=[row.score],
                name=plain(row.layout),
                legendgroup=plain(row.layout),
                showlegend=column == 1,
                mode="markers",
                marker=looks[row.layout].dot(size=12),
                error_y=looks[row.layout].whiskers(row),
                hovertemplate=f"{row.score:.2%}{_interval(row)} at {size:,}",
                row=1,
                col=column,
            )
    # From zero, so that comparable sizes look comparable.
    figure.update_xaxes(rangemode="tozero", tickformat="~s")
    figure.update_xaxes(title_text="MACs of one image", row=1, col=1)
    figure.update_xaxes(title_text="parameters", row=1, col=2)
    figure.update_yaxes(**score_axis(ranking))
    figure.update_yaxes(title_text="score: evaluation accuracy", row=1, col=1)
    return dress(figure, height=420)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _order_lines(ranking: pd.DataFrame) -> list[str]:
    """Return the order line, broken so that it fits above a figure."""
    lines = [""]
    for row in _rows(ranking):
        name = row.layout if pd.isna(row.symbol) else f"{row.layout} {row.symbol} "
        if lines[-1] and len(lines[-1]) + len(name) > _LINE:
            lines.append("")
        lines[-1] += name
    return [plain(line) for line in lines]


def _band_and_line(
    label: str, at: list[int], drawn: dict[str, list[float]], look: LayoutStyle
) -> list[go.Scatter]:
    shared = {"name": plain(label), "legendgroup": plain(label)}
    return [
        go.Scatter(
            x=at + at[::-1],
            y=drawn["min"] + drawn["max"][::-1],
            fill="toself",
            fillcolor=look.band,
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            **shared,
        ),
        go.Scatter(
            x=at,
            y=drawn["median"],
            mode="lines+markers",
            line={"color": look.color, "width": 2.2},
            marker={"symbol": look.marker, "size": 6},
            **shared,
        ),
    ]


def _mark_level(figure: go.Figure, level: float) -> None:
    figure.add_vline(x=level, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        x=math.log10(level),  # annotations on a log axis stand at exponents
        y=0,
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        text=f"equal training loss l* = {level:.4g}",
        showarrow=False,
        font={"color": MUTED},
        xshift=-6,
    )


def _interval(row: Any) -> str:
    return "" if pd.isna(row.low) else f" [{row.low:.2%}, {row.high:.2%}]"


def _cell_text(cell: tuple[str, float] | None, *, numbers: bool) -> str:
    if cell is None:
        return ""
    symbol = f"<b>{plain(cell[0])}</b>"
    return f"{symbol}  {100 * cell[1]:+.1f}" if numbers else symbol
