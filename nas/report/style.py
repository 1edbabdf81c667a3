"""How figures look: one colour and marker a layout in all of them, and axes that can be read.

Colours are Okabe and Ito's (jfly.uni-koeln.de/color), told apart with any colour vision and, from
blue to vermillion, ordered from convolution to attention. Markers differ too, for print. Networks
of other families have colours of their own, so that a baseline changes no layout's.
"""

import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from plotly import graph_objects as go
from plotly.colors import sample_colorscale

from coatnet.config import VIT_REL
from nas.ranking.curves import SMALLEST_LOSS

INK, GRID, MUTED = "#1f2933", "#e4e7eb", "#616e7c"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_FIXED = {
    "C-C-C-C": "#0072B2",
    "C-C-C-T": "#56B4E9",
    "C-C-T-T": "#009E73",
    "C-T-T-T": "#E69F00",
    VIT_REL: "#D55E00",
}
_MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star", "hexagon", "x")
_OTHERS = ("#CC79A7", "#6D4A9C", "#6B7280", "#8C5A2B", "#111827", "#B2182B", "#4D7C0F")
_LAYOUT = re.compile(rf"(?:[CT](?:-[CT])*|{VIT_REL})(?:#\d+)?")
_TITLE = {"size": 15}  # of an axis
_NAME = 26  # characters of a name beside an axis
_LEGEND_LINE, _LEGEND_HEIGHT = 600, 21  # pixels: the least width of a figure, a line's height
# Error rates at which an axis of accuracies may be ticked.
_TICKS = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_TICKS_SHOWN = 9
_DECADES_IN_STEPS = 4  # of a log axis; more have a tick a decade
# From this accuracy on, what matters is the errors: 98 % makes twice as many as 99 %.
_ERRORS_MATTER = 0.9
_ERRORS_SPREAD = 2.5  # and only where some make so many times as many as others
_NARROW = 0.02  # accuracies that differ by less have an axis at least as wide


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutStyle:
    """What tells a layout from the others in every figure."""

    color: str
    marker: str

    @property
    def band(self) -> str:
        """The colour of a band behind the lines."""
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},0.14)"

    def dot(self, *, size: int, hollow: bool = False) -> dict[str, Any]:
        """Return the marker of a score, hollow where nothing is claimed of it; size in pixels."""
        return {
            "symbol": self.marker,
            "size": size,
            "color": "#ffffff" if hollow else self.color,
            "line": {"color": self.color if hollow else INK, "width": 2 if hollow else 1},
        }

    def whiskers(self, row: Any) -> dict[str, Any]:
        """Return the error bar of a row of the ranking's table."""
        if pd.isna(row.low):
            return {"visible": False}
        return {
            "type": "data",
            "symmetric": False,
            "array": [row.high - row.score],
            "arrayminus": [row.score - row.low],
            "color": self.color,
            "thickness": 2.5,
            "width": 5,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class AccuracyAxis:
    """An axis of accuracies: linear, or logarithmic in the errors where accuracies come near 1."""

    errors: bool
    floor: float  # error drawn for an accuracy of 1, whose logarithm there is not
    axis: dict[str, Any]

    def place(self, accuracies: Iterable[float]) -> list[float]:
        """Return where on the axis these accuracies (fractions) are drawn."""
        if self.errors:
            return [max(1 - accuracy, self.floor) for accuracy in accuracies]
        return list(accuracies)


def by_convolution(labels: Iterable[str]) -> list[str]:
    """Return the labels once each, from convolution to attention; ViT_REL is all attention.

    Networks of other families follow, by name.
    """

    def key(label: str) -> tuple[int, int, str, int, str]:
        layout, _, number = label.partition("#")
        attention = 99 if layout == VIT_REL else layout.count("T")
        if not _LAYOUT.fullmatch(label):
            return 100, 0, label, 0, label
        return attention, len(layout), layout, int(number) if number.isdecimal() else 0, label

    return sorted(set(labels), key=key)


def styles(labels: Iterable[str]) -> dict[str, LayoutStyle]:
    """Return each label's style; the paper's five layouts look the same in every study."""
    ordered = by_convolution(labels)
    layouts = [label for label in ordered if _LAYOUT.fullmatch(label)]
    others = [label for label in ordered if not _LAYOUT.fullmatch(label)]
    looks = {
        label: LayoutStyle(color=_OTHERS[i % len(_OTHERS)], marker=_MARKERS[-1 - i % len(_MARKERS)])
        for i, label in enumerate(others)
    }
    if set(layouts) <= _FIXED.keys():
        names = list(_FIXED)
        return looks | {
            label: LayoutStyle(color=_FIXED[label], marker=_MARKERS[names.index(label)])
            for label in layouts
        }
    # Viridis without its yellow end, which is too light on white.
    places = [0.85 * i / max(len(layouts) - 1, 1) for i in range(len(layouts))]
    colors = sample_colorscale("Viridis", places, colortype="tuple")
    return looks | {
        label: LayoutStyle(
            color="#" + "".join(f"{round(255 * part):02x}" for part in color),
            marker=_MARKERS[i % len(_MARKERS)],
        )
        for i, (label, color) in enumerate(zip(layouts, colors, strict=True))
    }


def accuracy_axis(accuracies: Sequence[float], *, title: str) -> AccuracyAxis:
    """Return the axis on which these accuracies (fractions) are best told apart."""
    best, worst = max(accuracies, default=0.0), min(accuracies, default=0.0)
    positive = [1 - accuracy for accuracy in accuracies if accuracy < 1]
    floor = min(positive, default=2 * _TICKS[0]) / 2
    low, high = max(1 - best, floor), 1 - worst
    if best < _ERRORS_MATTER or high < _ERRORS_SPREAD * low:
        axis: dict[str, Any] = {"title": {"text": title}, "tickformat": ".3~%"}
        if best - worst < _NARROW:  # plotly gives a lone point an axis from -100 % to 200 %
            axis["range"] = [worst - _NARROW / 2, min(best + _NARROW / 2, 1.0 + _NARROW / 10)]
        return AccuracyAxis(errors=False, floor=0.0, axis=axis)
    ticks = _spread_ticks(low, high)
    return AccuracyAxis(
        errors=True,
        floor=floor,
        axis={
            "title": {"text": f"{title} (log error)"},
            "type": "log",
            "autorange": "reversed",
            "tickvals": ticks,
            "ticktext": [f"{100 * (1 - tick):.6g}%" for tick in ticks],
        },
    )


def scores_axis(table: pd.DataFrame) -> AccuracyAxis:
    """Return the axis of a table's scores: they choose its kind; it takes in their intervals."""
    title = "score: evaluation accuracy"
    axis = accuracy_axis(table["score"].tolist(), title=title)
    ends = pd.concat([table["score"], table["low"], table["high"]]).dropna()
    return accuracy_axis(ends.tolist(), title=title) if axis.errors else axis


def reach(row: Any, accuracy: AccuracyAxis) -> tuple[float, float]:
    """Return how far the interval reaches above and below the score, as drawn."""
    if pd.isna(row.low):
        return 0.0, 0.0
    middle, *ends = accuracy.place([row.score, row.low, row.high])
    return max(ends) - middle, middle - min(ends)


def score_axis(ranking: pd.DataFrame) -> dict[str, Any]:
    """Return the linear axis of scores: it takes in all intervals, and gives a lone point room."""
    ends = pd.concat([ranking["score"], ranking["low"], ranking["high"]]).dropna()
    low, high = float(ends.min()), float(ends.max())
    room = max(0.06 * (high - low), 0.01)
    # An interval may reach beyond what an accuracy can be; the axis does not.
    return {"tickformat": ".3~%", "range": [max(low - room, -0.01), min(high + room, 1.01)]}


def loss_axis(losses: Sequence[float], *, title: str) -> dict[str, Any]:
    """Return a log axis of losses (nats) whose ticks say 0.5 where plotly's say 5."""
    low, high = (max(end, SMALLEST_LOSS) for end in (min(losses), max(losses)))
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= _DECADES_IN_STEPS else (1,)
    ticks = [step * 10.0**decade for decade in range(first, last + 1) for step in steps]
    return {
        "title": {"text": title},
        "type": "log",
        "tickvals": ticks,
        "ticktext": [f"{tick:.6g}" for tick in ticks],
    }


def _spread_ticks(low: float, high: float) -> list[float]:
    """Return the round error rates of [low, high] that leave room for their texts."""
    apart = math.log(high / low) / _TICKS_SHOWN
    ticks: list[float] = []
    for tick in _TICKS:
        if 0.7 * low <= tick <= 1.2 * high and (
            not ticks or math.log(tick / ticks[-1]) >= 0.9 * apart
        ):
            ticks.append(tick)
    return ticks


def plain(text: str) -> str:
    """Return text that plotly draws as it is: it would read tags, links and $formulas$ in it."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def shorten(text: str, *, most: int = _NAME) -> str:
    """Return a name that fits beside an axis; its end tells networks of a family apart."""
    half = most // 2
    return text if len(text) <= most else f"{text[: half - 1]}…{text[-half:]}"


def rows_of(frame: pd.DataFrame) -> Iterable[Any]:
    """Return the rows of a table, its columns as attributes."""
    return frame.itertuples(index=False)


def interval(row: Any) -> str:
    """Return the interval of a row of the ranking's table for a hover text, if it has one."""
    return "" if pd.isna(row.low) else f" [{row.low:.2%}, {row.high:.2%}]"


def legend_room(labels: Iterable[str]) -> int:
    """Return the pixels above a figure that a legend of these labels takes, where it is narrow."""
    lines, used = 1, 0
    widths = [62 + 8 * len(shorten(label)) for label in labels]
    for width in [max(widths, default=0)] * len(widths):  # plotly gives all the widest's room
        if used and used + width > _LEGEND_LINE:
            lines, used = lines + 1, 0
        used += width
    return 24 + _LEGEND_HEIGHT * lines


def dress(figure: go.Figure, *, height: int, legend: bool = True, top: int = 48) -> go.Figure:
    """Give a figure the report's fonts, grid and margins; height and top margin in pixels."""
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        font={"family": FONT, "size": 14, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        margin={"l": 72, "r": 24, "t": top, "b": 60},
        showlegend=legend,
        legend={"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0},
        hoverlabel={"namelength": -1, "font": {"family": FONT}},
    )
    lines = {"gridcolor": GRID, "linecolor": MUTED, "showline": True, "zeroline": False}
    figure.update_xaxes(**lines, ticks="outside", title_standoff=10, title_font=_TITLE)
    figure.update_yaxes(**lines, ticks="outside", title_standoff=8, title_font=_TITLE)
    figure.update_yaxes(automargin=True)
    return figure
