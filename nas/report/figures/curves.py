"""Learning curves: Figure 1 of the CoAtNet paper (arXiv:2106.04803v2), for any study."""

from collections.abc import Mapping

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.report.figures.spread import Band, band_and_line, band_of
from nas.report.style import (
    MUTED,
    AccuracyAxis,
    LayoutStyle,
    accuracy_axis,
    by_convolution,
    dress,
    legend_room,
    loss_axis,
    plain,
)


def learning_curves(
    epochs: pd.DataFrame,
    *,
    looks: Mapping[str, LayoutStyle],
    lost: pd.DataFrame | None = None,
) -> go.Figure:
    """Probe loss (left) and evaluation accuracy (right) against optimizer steps.

    One line a layout, the median over seeds, with the band of `band_of`. `lost` are the epochs of
    trials that diverged or failed: dotted up to a cross where they were measured last.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    lost = epochs.head(0) if lost is None else lost
    both = pd.concat([epochs, lost]) if len(lost) else epochs
    accuracy = accuracy_axis(both["evaluation_accuracy"].tolist(), title="evaluation accuracy")
    band = band_of(epochs)
    labels = by_convolution(epochs["label"])
    for label in labels:
        rows = epochs[epochs["label"] == label]
        for column, name in ((1, "probe_loss"), (2, "evaluation_accuracy")):
            traces = _traces(rows, name, band=band, accuracy=accuracy, look=looks[label])
            traces[1].showlegend = column == 1
            figure.add_traces(traces, rows=1, cols=[column] * 2)
    for i, (_, rows) in enumerate(lost.groupby("trial")):
        for column, name in ((1, "probe_loss"), (2, "evaluation_accuracy")):
            trace = _lost_trace(rows, name, accuracy=accuracy, looks=looks)
            trace.showlegend = column == 1 and i == 0
            figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(title_text="optimizer steps", rangemode="tozero", tickformat="~s")
    losses = loss_axis(both["probe_loss"].tolist(), title="probe loss, nats")
    figure.update_yaxes(**losses, row=1, col=1)
    figure.update_yaxes(**accuracy.axis, row=1, col=2)
    room = legend_room([*labels, *(["a lost run"] if len(lost) else [])])
    return dress(figure, height=430 + room, top=room)


def _traces(
    rows: pd.DataFrame, name: str, *, band: Band, accuracy: AccuracyAxis, look: LayoutStyle
) -> list[go.Scatter]:
    """Return band and median of one layout; seeds that stand at different steps share them."""
    by_step = rows.groupby("step")[name]
    spread = pd.DataFrame(
        {
            "low": by_step.quantile(band.low),
            "median": by_step.median(),
            "high": by_step.quantile(band.high),
        }
    )
    percent = name == "evaluation_accuracy"
    drawn = {
        kind: accuracy.place(spread[kind]) if percent else spread[kind].tolist()
        for kind in spread.columns
    }
    traces = band_and_line(str(rows["label"].iloc[0]), spread.index.tolist(), drawn, look)
    digits = ".2%" if percent else ".4g"
    traces[1].update(
        customdata=[
            [*(float(f"{end:.6g}") for end in ends), int(seeds)]
            for ends, seeds in zip(spread.to_numpy(), by_step.size(), strict=True)
        ],
        hovertemplate=f"step %{{x}}: %{{customdata[1]:{digits}}}, %{{customdata[0]:{digits}}} to "
        f"%{{customdata[2]:{digits}}}, seeds: %{{customdata[3]}}",
    )
    return traces


def _lost_trace(
    rows: pd.DataFrame, name: str, *, accuracy: AccuracyAxis, looks: Mapping[str, LayoutStyle]
) -> go.Scatter:
    label, seed = str(rows["label"].iloc[0]), rows["seed"].iloc[0]
    percent = name == "evaluation_accuracy"
    color = looks[label].color
    return go.Scatter(
        x=rows["step"].tolist(),
        y=accuracy.place(rows[name]) if percent else rows[name].tolist(),
        name="a lost run",
        legendgroup="a lost run",
        mode="lines+markers",
        line={"color": color, "width": 1.4, "dash": "dot"},
        marker={
            "symbol": "x",
            "size": [0] * (len(rows) - 1) + [9],
            "opacity": 1,
            "color": color,
            "line": {"color": MUTED, "width": 1},
        },
        hovertemplate=f"{plain(label)}, seed {seed}: lost after step %{{x}}",
    )
