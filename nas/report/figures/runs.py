"""Every run by itself: what a mean and its interval do not show, collapse and divergence."""

from collections.abc import Mapping

import pandas as pd
from plotly import graph_objects as go

from nas.report.style import (
    INK,
    MUTED,
    AccuracyAxis,
    LayoutStyle,
    accuracy_axis,
    by_convolution,
    dress,
    plain,
    shorten,
)
from nas.study.records import TrialStatus

_GONE = {
    TrialStatus.DIVERGED.value: "x",
    TrialStatus.FAILED.value: "x-open",
    TrialStatus.STOPPED.value: "square-open",
}
_GOLDEN = 0.6180339887  # its multiples modulo 1 spread evenly, however many there are
_SPREAD = 0.5  # of a row
_GUTTER = 0.2  # of the width, for what was lost


def runs(
    trials: pd.DataFrame, ranking: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]
) -> go.Figure:
    """Final evaluation accuracy of every finished trial, a dot each; a stroke marks the median.

    Trials that diverged, failed or were stopped have no final accuracy: marks on the left count
    them, out of those that ended. A layout of which no trial finished has a row too, below those
    ranked. Trials that may go on are not shown.
    """
    finished = trials[(trials["status"] == TrialStatus.FINISHED.value) & (trials["epochs"] > 0)]
    gone = trials[trials["status"].isin(_GONE)]
    ranked = ranking["label"].tolist()
    others = by_convolution([*finished["label"], *gone["label"]])
    layouts = ranked + [label for label in others if label not in ranked]
    accuracy = accuracy_axis(
        finished["evaluation_accuracy"].tolist(), title="final evaluation accuracy"
    )
    figure = go.Figure()
    for row, label in enumerate(layouts):
        own = finished[finished["label"] == label].sort_values("seed")
        if len(own):
            figure.add_traces(_dots(row, own, accuracy, looks[label]))
        left = gone[gone["label"] == label]
        if len(left):
            figure.add_trace(_counts(row, left, ended=len(own) + len(left), look=looks[label]))
    dress(figure, height=110 + 44 * len(layouts), legend=False, top=20)
    gutter = _GUTTER if len(gone) else 0.0
    figure.update_xaxes(**accuracy.axis, domain=[gutter, 1.0])
    figure.update_yaxes(
        range=[len(layouts) - 0.5, -0.5],
        tickvals=list(range(len(layouts))),
        ticktext=[plain(shorten(label)) for label in layouts],
    )
    if len(gone):
        stopped = (gone["status"] == TrialStatus.STOPPED.value).any()
        said = "lost or stopped" if stopped else "lost"
        line = {"linecolor": MUTED, "showline": True, "zeroline": False}
        blank = {"range": [0.0, 1.0], "tickvals": [0.5], "ticktext": [said], "showgrid": False}
        figure.update_layout(xaxis2={**line, **blank, "domain": [0.0, gutter - 0.015]})
        figure.update_yaxes(anchor="x2")  # names stand left of the marks
    return figure


def _dots(
    row: int, own: pd.DataFrame, accuracy: AccuracyAxis, look: LayoutStyle
) -> list[go.Scatter]:
    places = accuracy.place(own["evaluation_accuracy"])
    offsets = [_SPREAD * ((k * _GOLDEN + 0.5) % 1 - 0.5) for k in range(len(own))]
    median = accuracy.place([own["evaluation_accuracy"].median()])
    label = str(own["label"].iloc[0])
    return [
        go.Scatter(
            x=places,
            y=[row + offset for offset in offsets],
            name=plain(label),
            mode="markers",
            marker={"symbol": look.marker, "size": 8, "color": look.color, "opacity": 0.75},
            customdata=own[["seed", "evaluation_accuracy"]].to_numpy().tolist(),
            hovertemplate="seed %{customdata[0]}: %{customdata[1]:.2%}",
        ),
        go.Scatter(
            x=median,
            y=[row],
            name=plain(label),
            mode="markers",
            marker={"symbol": "line-ns", "size": 26, "line": {"color": INK, "width": 2}},
            hoverinfo="skip",
        ),
    ]


def _counts(row: int, gone: pd.DataFrame, *, ended: int, look: LayoutStyle) -> go.Scatter:
    kinds = gone["status"].value_counts().sort_index()
    places = [0.12 + 0.17 * k for k in range(len(kinds))]
    said = ", ".join(f"{count} {status}" for status, count in kinds.items())
    return go.Scatter(
        x=places,
        y=[row] * len(kinds),
        xaxis="x2",
        name=plain(str(gone["label"].iloc[0])),
        mode="markers+text",
        marker={
            "symbol": [_GONE[status] for status in kinds.index],
            "size": 11,
            "color": look.color,
            "line": {"color": look.color, "width": 1},
        },
        text=[""] * (len(kinds) - 1) + [f"  {len(gone)} of {ended}"],
        textposition="middle right",
        hovertemplate=f"{said}, of {ended}",
        cliponaxis=False,
    )
