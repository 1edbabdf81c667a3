"""Accuracy against what a network costs: Figures 2 and 3 of the CoAtNet paper."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.report.style import (
    MUTED,
    LayoutStyle,
    dress,
    interval,
    legend_room,
    plain,
    rows_of,
    score_axis,
)

_MATCHED = 1.1  # largest over smallest size up to which sizes are called equal
_LOG = 5.0  # and from which the axis is logarithmic
_SHORT = 0.75  # decades of a log axis below which there is room for more ticks
# Of an axis: nearer, and two markers cover each other. Where sizes are told, they are moved less.
_APART, _APART_IN_SIZE = 0.045, 0.022
_FRONT = "Pareto front"


@dataclass(frozen=True, kw_only=True, slots=True)
class _SizeAxis:
    """Where sizes stand on their axis."""

    places: list[float]
    axis: dict[str, Any]
    front: bool  # sizes differ enough for a trade between cost and accuracy


def matched(sizes: Sequence[int]) -> bool:
    """Whether networks of these sizes cost about the same, so that cost explains no difference."""
    return max(sizes) <= _MATCHED * max(min(sizes), 1)


def cost(ranking: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]) -> go.Figure:
    """Score against multiply-adds of an image (left) and parameters (right), with intervals.

    Sizes within 10 % stand as differences from their median; those that spread more on an axis from
    zero, or a logarithmic one from 5x on, with the Pareto front: the networks than which none is
    both cheaper and better. Markers that would cover each other are moved apart.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.06, shared_yaxes=True)
    drawn_front = False
    for column, name, title in ((1, "macs", "MACs"), (2, "parameters", "parameters")):
        sizes = [int(size) for size in ranking[name]]
        place = _size_axis(sizes, title=title)
        if place.front:
            front = _front(sizes, ranking["score"].where(ranking["withheld"] == "", -math.inf))
            figure.add_scatter(
                x=[place.places[i] for i in front],
                y=[float(ranking["score"].iloc[i]) for i in front],
                name=_FRONT,
                legendgroup=_FRONT,
                showlegend=not drawn_front,
                mode="lines",
                line={"color": MUTED, "width": 1.6, "dash": "dash", "shape": "hv"},
                hoverinfo="skip",
                row=1,
                col=column,
            )
            drawn_front = True
        for row, size, at in zip(rows_of(ranking), sizes, place.places, strict=True):
            look = looks[row.label]
            figure.add_scatter(
                x=[at],
                y=[row.score],
                name=plain(row.label),
                legendgroup=plain(row.label),
                showlegend=column == 1,
                mode="markers",
                marker=look.dot(size=12, hollow=bool(row.withheld)),
                error_y=look.whiskers(row),
                hovertemplate=f"{row.score:.2%}{interval(row)} at {size:,}",
                row=1,
                col=column,
            )
        figure.update_xaxes(**place.axis, row=1, col=column)
    figure.update_yaxes(**score_axis(ranking))
    figure.update_yaxes(title_text="score: evaluation accuracy", row=1, col=1)
    room = legend_room([*ranking["label"], *([_FRONT] if drawn_front else [])])
    return dress(figure, height=400 + room, top=room)


def _size_axis(sizes: Sequence[int], *, title: str) -> _SizeAxis:
    if matched(sizes):
        return _relative_axis(sizes, title=title)
    low, high = min(sizes), max(sizes)
    if high < _LOG * max(low, 1):
        end = 1.12 * high
        return _SizeAxis(
            places=_apart(sizes, _APART_IN_SIZE * end),
            axis={"title": {"text": title}, "range": [0, end], "tickformat": "~s", "nticks": 6},
            front=True,
        )
    logs = [math.log10(max(size, 1)) for size in sizes]
    room = 0.08 * (max(logs) - min(logs))
    ends = min(logs) - room, max(logs) + room
    return _SizeAxis(
        places=[10.0**log for log in _apart(logs, _APART_IN_SIZE * (ends[1] - ends[0]))],
        axis={
            "title": {"text": title},
            "type": "log",
            "range": ends,
            "tickangle": 0,
            **log_ticks(*ends),
        },
        front=True,
    )


def _relative_axis(sizes: Sequence[int], *, title: str) -> _SizeAxis:
    """Return an axis of differences: at their full size, equal sizes are points on one line."""
    median = float(pd.Series(sizes).median())
    off = [size / max(median, 1.0) - 1 for size in sizes]
    end = max(0.0125, 1.3 * max(abs(each) for each in off))
    return _SizeAxis(
        places=_apart(off, _APART * 2 * end),
        axis={
            "title": {"text": f"{title}, against {short(median)}"},
            "range": [-end, end],
            "tickformat": "+.2~%",
            "nticks": 5,
        },
        front=False,
    )


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Return the places, in their order, moved as little as leaves `least` between neighbours.

    Least squares under order (pool adjacent violators, Ayer et al. 1955) on places less their due
    distances.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    blocks: list[tuple[float, int]] = []  # mean, count
    for rank, i in enumerate(order):
        blocks.append((places[i] - rank * least, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, count), (before, others) = blocks.pop(), blocks.pop()
            both = count + others
            blocks.append(((mean * count + before * others) / both, both))
    flat = [mean for mean, count in blocks for _ in range(count)]
    moved = list(places)
    for rank, i in enumerate(order):
        moved[i] = flat[rank] + rank * least
    return moved


def _front(sizes: Sequence[int], scores: Iterable[float]) -> list[int]:
    """Return the rows that no other row beats in one of size and score and equals in the other."""
    rows = zip(sizes, scores, strict=True)
    best = -math.inf
    front = []
    for _, loss, i in sorted((size, -score, i) for i, (size, score) in enumerate(rows)):
        if -loss > best:
            front.append(i)
            best = -loss
    return front


def log_ticks(low: float, high: float) -> dict[str, Any]:
    """Return round ticks of the decades between two logarithms, none so dense as to collide."""
    steps = next(s for s in ((1, 2, 5), (1, 3), (1,)) if len(s) * (high - low) <= 5 or s == (1,))
    if high - low < _SHORT:
        steps = (1, 2, 3, 5, 7)
    ticks = [
        step * 10.0**decade
        for decade in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
        if low <= math.log10(step) + decade <= high
    ]
    return {"tickvals": ticks, "ticktext": [short(tick) for tick in ticks]}


def short(size: float) -> str:
    """Return a size in three digits with its unit, as plotly's `~s` writes it: 2.09M."""
    for unit, unit_size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if size >= unit_size:
            return f"{size / unit_size:.3g}{unit}"
    return f"{size:.3g}"
