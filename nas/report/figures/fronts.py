"""Score against a cost with the front between, of any number of candidates, and how it grew."""

import math
from typing import Any

import pandas as pd
from plotly import graph_objects as go

from nas.report.figures.cost import log_ticks, short
from nas.report.style import MUTED, dress, interval, plain, rows_of, score_axis

_ON, _FRONT = "#0072B2", "front, as estimated"
_NAMED = 10  # points of a front that have room for their names
_DOTS = 2000  # of those behind it: more cover each other


def front(table: pd.DataFrame, *, cost: str, words: str) -> go.Figure:
    """Score against the column `cost` of a front's table, the front as a step line.

    On the front a marker is filled where that is certain or nothing is claimed, hollow where it is
    open; its whiskers are the interval of its mean. Behind it candidates are small dots; of
    thousands every so many-th is drawn.
    """
    figure = go.Figure()
    behind, on = table[~table["on_front"]], table[table["on_front"]].sort_values(cost)
    if len(behind):
        thin = behind.iloc[:: math.ceil(len(behind) / _DOTS)]
        figure.add_scatter(
            x=thin[cost].astype(float).tolist(),
            y=thin["score"].tolist(),
            name="behind it",
            mode="markers",
            marker={"size": 6, "color": "#b8c0c8", "line": {"color": MUTED, "width": 0.5}},
            hovertext=[
                f"{plain(row.label)}: {row.score:.2%}{interval(row)}" for row in rows_of(thin)
            ],
            hoverinfo="text",
        )
    xs, ys = on[cost].astype(float).tolist(), on["score"].tolist()
    figure.add_scatter(
        x=[*xs, float(table[cost].astype(float).max())],  # that score is there at a larger cost
        y=[*ys, *ys[-1:]],
        name=_FRONT,
        mode="lines",
        line={"color": MUTED, "width": 1.6, "dash": "dash", "shape": "hv"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=xs,
        y=ys,
        name="on the front",
        mode="markers+text" if len(on) <= _NAMED else "markers",
        text=[plain(label) for label in on["label"]],
        textposition="top left",
        cliponaxis=False,  # a name may stand above the best score
        marker={
            "size": 11,
            "color": ["#ffffff" if row.standing == "open" else _ON for row in rows_of(on)],
            "line": {"color": _ON, "width": 2},
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (on["high"] - on["score"]).fillna(0).tolist(),
            "arrayminus": (on["score"] - on["low"]).fillna(0).tolist(),
            "color": _ON,
            "thickness": 2,
            "width": 4,
        },
        hovertext=[
            f"{plain(row.label)}: {row.score:.2%}{interval(row)} at {getattr(row, cost):,}"
            for row in rows_of(on)
        ],
        hoverinfo="text",
    )
    figure.update_xaxes(**_cost_axis(table[cost].astype(float), words))
    figure.update_yaxes(**score_axis(table), title_text="score: evaluation accuracy")
    return dress(figure, height=420)


def hypervolume(growth: pd.DataFrame) -> go.Figure:
    """Hypervolume against the trials that had finished: a step a change."""
    figure = go.Figure()
    figure.add_scatter(
        x=growth["trials_finished"].astype(int).tolist(),
        y=growth["hypervolume"].tolist(),
        name="hypervolume",
        mode="lines",
        line={"color": _ON, "width": 2, "shape": "hv"},
        hovertemplate="%{y:.4f} after %{x:,} trials<extra></extra>",
    )
    figure.update_xaxes(title_text="trials finished", rangemode="tozero")
    figure.update_yaxes(title_text="hypervolume", rangemode="tozero", tickformat=".2~f")
    return dress(figure, height=260, legend=False, top=16)


def _cost_axis(costs: pd.Series, words: str) -> dict[str, Any]:
    """Return a logarithmic axis of costs, whose ratios count."""
    low, high = (math.log10(max(cost, 1e-12)) for cost in (costs.min(), costs.max()))
    room = max(0.12 * (high - low), 0.02)
    ends = low - 1.5 * room, high + room  # names stand to the left of their points
    ticks = log_ticks(*ends)
    if len(ticks["tickvals"]) < 2:
        values = [10.0 ** (ends[0] + (ends[1] - ends[0]) * share) for share in (0.1, 0.5, 0.9)]
        ticks = {"tickvals": values, "ticktext": [short(value) for value in values]}
    return {"title_text": words, "type": "log", "range": ends, "tickangle": 0, **ticks}
