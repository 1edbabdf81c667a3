"""Accuracy against size, a curve a network: Figures 2 and 3 of the CoAtNet paper."""

import math
from collections.abc import Mapping

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.report.figures.cost import log_ticks, matched
from nas.report.style import (
    AccuracyAxis,
    LayoutStyle,
    by_convolution,
    dress,
    interval,
    legend_room,
    plain,
    reach,
    rows_of,
    scores_axis,
)

_SIZES = (("macs", "MACs"), ("parameters", "parameters"))


def sizes_vary(table: pd.DataFrame) -> bool:
    """Whether some label of a sweep's table costs more at one value than at another."""
    return any(
        not matched(own[name].tolist()) for name, _ in _SIZES for _, own in table.groupby("label")
    )


def scaling(table: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Score against multiply-adds of an image (left) and parameters (right), with intervals.

    `table` is that of `nas.reading.phase`: a curve joins what one label has at the sweep's values.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.06, shared_yaxes=True)
    accuracy = scores_axis(table)
    labels = by_convolution(table["label"])
    for column, (name, title) in enumerate(_SIZES, start=1):
        for label in labels:
            own = table[table["label"] == label].sort_values(name)
            _add_curve(figure, own, looks[label], accuracy=accuracy, name=name, column=column)
        logs = [math.log10(max(size, 1)) for size in table[name]]
        room = 0.08 * max(max(logs) - min(logs), 0.1)
        ends = min(logs) - room, max(logs) + room
        figure.update_xaxes(
            title_text=f"{title} (log scale)",
            type="log",
            range=ends,
            tickangle=0,
            **log_ticks(*ends),
            row=1,
            col=column,
        )
    room = legend_room(labels)
    dress(figure, height=460 + room, top=room)
    title = accuracy.axis["title"]
    figure.update_yaxes(**{**accuracy.axis, "title": None})
    return figure.update_yaxes(title=title, row=1, col=1)


def _add_curve(
    figure: go.Figure,
    rows: pd.DataFrame,
    look: LayoutStyle,
    *,
    accuracy: AccuracyAxis,
    name: str,
    column: int,
) -> None:
    found = list(rows_of(rows))
    label = plain(str(found[0].label))
    reaches = [reach(row, accuracy) for row in found]
    figure.add_scatter(
        x=rows[name].tolist(),
        y=accuracy.place([row.score for row in found]),
        name=label,
        legendgroup=label,
        showlegend=column == 1,
        mode="lines+markers",
        line={"color": look.color, "width": 2},
        marker=look.dot(size=9),
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [above for above, _ in reaches],
            "arrayminus": [below for _, below in reaches],
            "color": look.color,
            "thickness": 1.6,
            "width": 4,
        },
        text=[
            f"{plain(str(row.value))}: {row.score:.2%}{interval(row)} over {row.seeds} seeds, "
            f"{row.macs:,} MACs, {row.parameters:,} parameters"
            for row in found
        ],
        hovertemplate="%{text}",
        row=1,
        col=column,
    )
