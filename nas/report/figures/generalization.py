"""Generalization as the paper defines it: evaluation accuracy at equal training (probe) loss."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from plotly import graph_objects as go

from nas.ranking.curves import SMALLEST_LOSS
from nas.ranking.statistics.monotone import monotone
from nas.report.figures.spread import band_and_line, band_of
from nas.report.style import (
    INK,
    MUTED,
    LayoutStyle,
    accuracy_axis,
    by_convolution,
    dress,
    legend_room,
    loss_axis,
    plain,
    rows_of,
)

_PLACES = 48  # losses at which a layout's seeds are read


def generalization(
    epochs: pd.DataFrame,
    ranking: pd.DataFrame,
    *,
    looks: Mapping[str, LayoutStyle],
    equal_loss: float | None,
) -> go.Figure:
    """Evaluation accuracy against probe loss: median over seeds with the band of `band_of`.

    The dashed line is l*, `equal_loss` in nats; where it stands the markers show the scores. A line
    is as long as the median seed's way: from its first loss to its lowest.
    """
    figure = go.Figure()
    scores = ranking["score"].tolist() if equal_loss is not None else []
    columns = "evaluation_accuracy", "ema_evaluation_accuracy"
    measured = [value for column in columns for value in epochs[column].dropna()]
    accuracy = accuracy_axis([*measured, *scores], title="evaluation accuracy")
    band = band_of(epochs)
    labels = by_convolution(epochs["label"])
    ends = [] if equal_loss is None else [max(equal_loss, SMALLEST_LOSS)]
    for label in labels:
        losses, read = paths(epochs[epochs["label"] == label])
        ends += [losses[0], losses[-1]]
        spread = band.of(read)
        drawn = {kind: accuracy.place(spread[kind]) for kind in spread.columns}
        traces = band_and_line(label, losses.tolist(), drawn, looks[label])
        traces[1].update(
            customdata=spread.to_numpy().round(5).tolist(),
            hovertemplate="%{customdata[1]:.2%}, %{customdata[0]:.2%} to %{customdata[2]:.2%}, at "
            "loss %{x:.4g}",
        )
        figure.add_traces(traces)
    if equal_loss is not None:
        _mark_level(figure, equal_loss, between=(min(ends), max(ends)))
        for row in rows_of(ranking):
            figure.add_scatter(
                x=[equal_loss],
                y=accuracy.place([row.score]),
                name=plain(row.label),
                legendgroup=plain(row.label),
                showlegend=False,
                mode="markers",
                marker=looks[row.label].dot(size=11),
                customdata=[row.score],
                hovertemplate="score %{customdata:.2%}",
            )
    axis = loss_axis(ends, title="probe loss, nats: training proceeds to the right")
    deepest, highest = math.log10(min(ends)), math.log10(max(ends))
    room = max(0.04 * (highest - deepest), 0.2 if highest == deepest else 0.0)
    # Not left to plotly, which gives the text at l* room on the wrong side.
    figure.update_xaxes(**axis, range=[highest + room, deepest - room])
    figure.update_yaxes(**accuracy.axis)
    room = legend_room(labels)
    return dress(figure, height=480 + room, top=room)


def paths(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return probe losses [places], falling, and accuracies there [seeds, places].

    `rows` are one layout's epochs. Each trial is read as `nas.ranking.curves.accuracy_at_loss`
    reads it: through its record lows, and held at its ends. One trial alone is read where it was
    measured.
    """
    ways = [_record_lows(trial) for _, trial in rows.groupby("trial")]
    if len(ways) == 1:
        losses, accuracies = ways[0]
        return losses, accuracies[None]
    first, last = (float(np.median([losses[end] for losses, _ in ways])) for end in (0, -1))
    at = np.geomspace(first, last, _PLACES) if first > last else np.array([last])
    return at, np.stack([_read(losses, accuracies, at) for losses, accuracies in ways])


def _record_lows(trial: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    columns = ["ema_probe_loss", "ema_evaluation_accuracy"]
    if trial[columns].isna().to_numpy().any():
        columns = ["probe_loss", "evaluation_accuracy"]
    losses = trial[columns[0]].clip(lower=SMALLEST_LOSS)
    low = losses < losses.cummin().shift(fill_value=math.inf)
    return losses[low].to_numpy(), trial.loc[low, columns[1]].to_numpy()


def _read(losses: np.ndarray, accuracies: np.ndarray, at: np.ndarray) -> np.ndarray:
    if len(losses) == 1:
        return np.full(len(at), accuracies[0])
    depths = np.log(losses[::-1])
    inside = np.clip(np.log(at), depths[0], depths[-1])
    read = monotone(depths, accuracies[::-1])(inside)
    return np.clip(read, accuracies.min(), accuracies.max())


def _mark_level(figure: go.Figure, level: float, *, between: tuple[float, float]) -> None:
    level = max(level, SMALLEST_LOSS)
    left = level**2 > between[0] * between[1]  # half of the axis, which falls and is logarithmic
    figure.add_vline(x=level, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        x=math.log10(level),  # annotations on a log axis stand at exponents
        y=0,
        yref="paper",
        xanchor="left" if left else "right",
        yanchor="bottom",
        text=f"equal probe loss l* = {level:.4g}",
        showarrow=False,
        font={"color": MUTED},
        xshift=6 if left else -6,
    )
