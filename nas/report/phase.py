"""The phase diagram: every layout's score against a key of the spec, and the order at each value.

Above, lines of scores with their intervals; below, in the same columns, the layouts from best to
worst with what is claimed between neighbours. Drawn from the table of `nas.reading.phase` alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.report.phase_axis import Columns, Value, break_axis, place_columns, tick
from nas.report.style import (
    MUTED,
    AccuracyAxis,
    LayoutStyle,
    by_convolution,
    dress,
    interval,
    legend_room,
    plain,
    reach,
    scores_axis,
    shorten,
)

_SCORES, _PITCH = 330, 44  # pixels: height of the scores, of a layout in the strip
_BETWEEN, _AXIS = 60, 72  # pixels: between the panels, for the axis below
_DODGE = 0.035  # columns between the intervals of two layouts
_WIDTH, _LETTER = 1000, 8.5  # pixels that columns share; of a letter of a name


def phase_diagram(
    table: pd.DataFrame, *, values: Sequence[Value], looks: Mapping[str, LayoutStyle], axis: str
) -> go.Figure:
    """Scores against a key, whose words are `axis`, and the order at each of its `values`.

    The axis is logarithmic where all values are numbers far enough apart for the names below;
    endless data stands to the right of a break in it.
    """
    columns = place_columns(values)
    rows = max(int(table["rank"].max()), 1) if len(table) else 1
    strip = _PITCH * rows
    inner = _SCORES + _BETWEEN + strip
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=_BETWEEN / inner,
        row_heights=[_SCORES, strip],
    )
    accuracy = scores_axis(table)
    labels = by_convolution(table["label"])
    for place, label in enumerate(labels):
        own = table[table["label"] == label]
        dodge = _DODGE * (place - (len(labels) - 1) / 2)
        _add_scores(figure, own, columns, accuracy=accuracy, look=looks[label], dodge=dodge)
        _add_ranks(figure, own, columns, look=looks[label])
    _add_names(figure, table, columns, looks)
    top = legend_room(labels)
    dress(figure, height=top + inner + _AXIS, top=top)
    _dress_axes(figure, columns, axis=axis, rows=rows)
    figure.update_yaxes(**accuracy.axis, row=1, col=1)
    legend = {"y": 1 + 8 / inner, "yanchor": "bottom"}
    return figure.update_layout(legend=legend, margin={"b": _AXIS})


def _add_scores(
    figure: go.Figure,
    rows: pd.DataFrame,
    columns: Columns,
    *,
    accuracy: AccuracyAxis,
    look: LayoutStyle,
    dodge: float,
) -> None:
    """Add a layout's line with its intervals; the way to endless data is dotted."""
    by_value = {row.value: row for row in _rows(rows)}
    shared = {"name": plain(str(rows["label"].iloc[0])), "row": 1, "col": 1}
    shared["legendgroup"] = shared["name"]
    broken = len(columns.values) - (columns.endless is not None)
    for part, dash in (
        (columns.values[:broken], "solid"),
        (columns.values[broken - 1 :] if columns.endless else (), "dot"),
    ):
        scores = [by_value[v.word].score if v.word in by_value else None for v in part]
        figure.add_scatter(
            x=[columns.at[value.word] + dodge for value in part],
            y=[None if score is None else accuracy.place([score])[0] for score in scores],
            mode="lines",
            line={"color": look.color, "width": 2.2, "dash": dash},
            hoverinfo="skip",
            showlegend=False,
            **shared,
        )
    found = list(by_value.values())
    reaches = [reach(row, accuracy) for row in found]
    figure.add_scatter(
        x=[columns.at[row.value] + dodge for row in found],
        y=accuracy.place([row.score for row in found]),
        mode="markers",
        marker=look.dot(size=10),
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [above for above, _ in reaches],
            "arrayminus": [below for _, below in reaches],
            "color": look.color,
            "thickness": 2,
            "width": 4,
        },
        text=[
            f"{plain(str(row.value))}: {row.score:.2%}{interval(row)} over {row.seeds} seeds"
            for row in found
        ],
        hovertemplate="%{text}",
        **shared,
    )


def _add_ranks(
    figure: go.Figure, rows: pd.DataFrame, columns: Columns, *, look: LayoutStyle
) -> None:
    """Add a layout's way through the ranks, behind the names."""
    by_value = dict(zip(rows["value"], rows["rank"].tolist(), strict=True))
    label = plain(str(rows["label"].iloc[0]))
    figure.add_scatter(
        x=[columns.at[value.word] for value in columns.values],
        y=[by_value.get(value.word) for value in columns.values],
        name=label,
        legendgroup=label,
        showlegend=False,
        mode="lines",
        line={"color": look.color, "width": 3},
        opacity=0.4,
        hoverinfo="skip",
        row=2,
        col=1,
    )


def _add_names(
    figure: go.Figure,
    table: pd.DataFrame,
    columns: Columns,
    looks: Mapping[str, LayoutStyle],
) -> None:
    """Write the order of every column from top to bottom, with the claims between neighbours."""
    room = max(int(_WIDTH / len(columns.values) / _LETTER) - 2, 5)
    for row in _rows(table):
        x, look = columns.at[row.value], looks[row.label]
        name = shorten(row.label)
        figure.add_annotation(
            x=x,
            y=row.rank,
            xref="x2",
            yref="y2",
            text=plain(name if len(name) <= room else f"{name[: room - 1]}…"),
            showarrow=False,
            font={"size": 13},
            bgcolor="#ffffff",
            bordercolor=look.color,
            borderwidth=2,
            borderpad=3,
        )
        if not pd.isna(row.mark):
            figure.add_annotation(
                x=x,
                y=row.rank + 0.5,
                xref="x2",
                yref="y2",
                text=f"<b>{plain(row.mark)}</b>",
                showarrow=False,
                font={"size": 15},
            )
    for value in columns.values:
        if value.note:
            figure.add_annotation(
                x=columns.at[value.word],
                y=1,
                xref="x2",
                yref="y2",
                text=plain(value.note),
                showarrow=False,
                font={"size": 13, "color": MUTED},
            )


def _dress_axes(figure: go.Figure, columns: Columns, *, axis: str, rows: int) -> None:
    places = list(columns.at.values())
    figure.update_xaxes(
        tickvals=places,
        ticktext=[plain(tick(value)) for value in columns.values],
        range=[min(places) - 0.5, max(places) + 0.5],
        showticklabels=True,
    )
    figure.update_xaxes(showgrid=False, showline=False, ticks="", row=2, col=1)
    scale = "not to scale" if columns.even else "log scale"
    figure.update_xaxes(title_text=f"{plain(axis)} ({scale})", row=2, col=1)
    figure.update_yaxes(
        range=[rows + 0.5, 0.5],
        tickvals=[1, rows] if rows > 1 else [1],
        ticktext=["best", "worst"] if rows > 1 else [""],
        showgrid=False,
        showline=False,
        ticks="",
        row=2,
        col=1,
    )
    if columns.endless is not None:
        break_axis(figure, at=columns.at[columns.endless.word] - 0.5)


def _rows(table: pd.DataFrame) -> Iterable[Any]:
    return table.itertuples(index=False)
