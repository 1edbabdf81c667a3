"""The critical-difference diagram (Demšar 2006, JMLR 7, Figure 1), with our claims as its bars.

There, a bar joins classifiers whose mean ranks differ by less than one critical difference. Here,
each pair has its own claim, and a bar joins layouts of which no two are told apart. Since pairs are
tested one by one, a layout between two that are not told apart may differ from both: dots on a bar
mark whom it joins.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from plotly import graph_objects as go

from nas.report.figures.groups import Group, groups
from nas.report.style import INK, MUTED, LayoutStyle, accuracy_axis, dress, plain, rows_of, shorten

_LAYOUTS = 24  # drawn at most, the best
_BARS = 12  # drawn at most, those that join most
_ROW, _BAR = 24, 15  # pixels from one name to the next, from one bar to the next
_END = 0.014  # of the axis: bars reach beyond their outer dots
_APART = 0.03  # of the axis: bars in one row
_NAME = 20  # characters: names stand on both sides
_TICKS = 6  # and room for so many texts on it, where it is narrow
_SMALLEST_ERROR = 1e-5  # drawn: of an accuracy of 1 there is no logarithm
_LEFT, _RIGHT = "y", "y2"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ruler:
    """The axis of scores; `u` grows to the right, whichever way the axis is scaled."""

    errors: bool  # logarithmic in the errors
    low: float  # u at its left end
    high: float
    axis: dict[str, Any]

    def u(self, score: float) -> float:
        return -math.log10(max(1 - score, _SMALLEST_ERROR)) if self.errors else score

    def x(self, u: float) -> float:
        return 10.0**-u if self.errors else u


def critical_difference(
    ranking: pd.DataFrame, relations: pd.DataFrame, *, looks: Mapping[str, LayoutStyle]
) -> go.Figure:
    """Layouts on an axis of scores, the best right; bars join those that are not told apart.

    A solid bar is equivalence (≈), a dashed one undecided (≥ or ?); hollow markers are layouts
    about which claims are withheld.
    """
    shown = ranking.head(_LAYOUTS)
    ruler = _ruler(shown["score"].tolist())
    at = {row.label: ruler.u(row.score) for row in rows_of(shown)}
    found = groups(shown, relations)
    rows = _packed(found[:_BARS], at, apart=_APART * (ruler.high - ruler.low))
    figure = go.Figure()
    top = 14 + _BAR * len(rows)  # pixels from the axis to the first name
    heights = _heights(len(shown), top=top)
    for (i, row), y in zip(enumerate(rows_of(shown)), heights, strict=True):
        right = _is_right(i, len(shown))
        edge = ruler.x(ruler.high if right else ruler.low)
        figure.add_scatter(
            x=[ruler.x(at[row.label])] * 2 + [edge],
            y=[0, -y, -y],
            yaxis=_RIGHT if right else _LEFT,
            mode="lines+markers",
            name=plain(row.label),
            showlegend=False,
            line={
                "color": looks[row.label].color,
                "width": 1.6,
                "dash": "dot" if row.withheld else "solid",
            },
            marker={
                **looks[row.label].dot(size=12, hollow=bool(row.withheld)),
                "size": [12, 0, 0],
                "opacity": 1,
            },
            cliponaxis=False,
            hovertemplate=f"{row.score:.2%}",
        )
    _draw_bars(figure, rows, at, ruler)
    _arrange(figure, shown, heights, ruler)
    return _with_notes(figure, _notes(ranking, shown, relations, found), legend=bool(rows))


def _ruler(scores: Sequence[float]) -> _Ruler:
    axis = accuracy_axis(scores, title="score: evaluation accuracy")
    ruler = _Ruler(errors=axis.errors, low=0.0, high=1.0, axis={})
    low, high = ruler.u(min(scores)), ruler.u(max(scores))
    room = 0.05 * (high - low) if axis.errors else max(0.05 * (high - low), 0.002)
    low, high = low - room, high + room
    if axis.errors:
        ticks = _sparse(axis.axis["tickvals"], least=(high - low) / _TICKS)
        texts = [f"{100 * (1 - tick):.6g}%" for tick in ticks]
        shown = {"type": "log", "range": [-low, -high], "tickvals": ticks, "ticktext": texts}
    else:
        shown = {"tickformat": ".3~%", "range": [low, high], "nticks": _TICKS}
    return replace(ruler, low=low, high=high, axis={"title": axis.axis["title"], **shown})


def _sparse(errors: Sequence[float], *, least: float) -> list[float]:
    """Return the ticks whose texts do not touch: names at both sides leave the axis little room."""
    kept: list[float] = []
    for error in errors:
        if not kept or math.log10(error / kept[-1]) >= least:
            kept.append(error)
    return kept


def _packed(found: Sequence[Group], at: Mapping[str, float], *, apart: float) -> list[list[Group]]:
    """Return the groups in rows, so that those that do not overlap share one."""
    rows: list[list[Group]] = []
    for group in found:
        low, high = at[group.members[-1]] - apart, at[group.members[0]] + apart
        for row in rows:
            if all(high < at[o.members[-1]] or at[o.members[0]] < low for o in row):
                row.append(group)
                break
        else:
            rows.append([group])
    return rows


def _draw_bars(
    figure: go.Figure, rows: Sequence[Sequence[Group]], at: Mapping[str, float], ruler: _Ruler
) -> None:
    named: set[bool] = set()
    reach = _END * (ruler.high - ruler.low)
    for i, row in enumerate(rows):
        for group in row:
            places = [at[member] for member in group.members]
            ends = [min(places) - reach, max(places) + reach]
            points = sorted([*places, *ends])
            color = INK if group.equivalent else MUTED
            figure.add_scatter(
                x=[ruler.x(u) for u in points],
                y=[-(14 + _BAR * i)] * len(points),
                yaxis=_RIGHT,  # which lies above
                mode="lines+markers",
                name="equivalent (≈)" if group.equivalent else "not told apart (≥, ?)",
                legendgroup=str(group.equivalent),
                showlegend=group.equivalent not in named,
                line={
                    "color": color,
                    "width": 5 if group.equivalent else 1.8,
                    "dash": "solid" if group.equivalent else "4px,3px",
                },
                marker={
                    "size": [0, *[9] * len(places), 0],
                    "color": color if group.equivalent else "#ffffff",
                    "line": {"color": color, "width": 1.8},
                    "opacity": 1,
                },
                hovertemplate=plain(", ".join(group.members)),
            )
            named.add(group.equivalent)


def _is_right(i: int, count: int) -> bool:
    return i < (count + 1) // 2


def _heights(count: int, *, top: float) -> list[float]:
    """Return how far below the axis each name stands: the outermost highest, so no lines cross."""
    return [
        top + _ROW * (i if _is_right(i, count) else count - 1 - i) + _ROW / 2 for i in range(count)
    ]


def _arrange(
    figure: go.Figure, shown: pd.DataFrame, heights: Sequence[float], ruler: _Ruler
) -> None:
    """Set the axes: scores on top, names left and right; a pixel is a unit of height."""
    depth = max(heights) + _ROW / 2
    texts = [
        f"{plain(shorten(row.label, most=_NAME))} <b>{row.score:.2%}</b>"
        + (" withheld" if row.withheld else "")
        for row in rows_of(shown)
    ]
    dress(figure, height=round(depth + 60), top=60)
    figure.update_layout(yaxis2={"overlaying": "y", "side": "right"})
    for name, side in ((_LEFT, False), (_RIGHT, True)):
        rows = [i for i in range(len(shown)) if _is_right(i, len(shown)) is side]
        figure.layout["yaxis" + name[1:]].update(
            range=[-depth, 0],
            fixedrange=True,
            tickvals=[-heights[i] for i in rows],
            ticktext=[texts[i] for i in rows],
            showgrid=False,
            showline=False,
            zeroline=False,
            ticks="",
            automargin=True,
        )
    figure.update_xaxes(**ruler.axis, side="top", showgrid=False, zeroline=False, tickangle=0)
    figure.update_layout(margin={"l": 12, "r": 12, "b": 0})


def _notes(
    ranking: pd.DataFrame, shown: pd.DataFrame, relations: pd.DataFrame, found: Sequence[Group]
) -> list[str]:
    """Say what the diagram leaves out, and what it means that a bar, or none, is there."""
    notes = []
    claimed = set(shown.loc[shown["withheld"] == "", "label"])
    both = relations["a"].isin(claimed) & relations["b"].isin(claimed)
    withheld = int((both & (relations["withheld"] != "")).sum())
    if withheld:
        notes.append(f"not compared, and so not told apart: {withheld} of {int(both.sum())} pairs")
    if len(shown) < len(ranking):
        notes.append(f"the best {len(shown)} of {len(ranking)} layouts")
    if len(found) > _BARS:
        notes.append(f"{_BARS} of {len(found)} groups; the table of pairs has all")
    if not found and len(shown) > 1:
        open_layouts = shown["withheld"] == ""
        notes.append(
            "no bar: every pair is told apart"
            if open_layouts.all()
            else "no bar: nothing is claimed of hollow markers, all others are told apart"
        )
    return notes


def _with_notes(figure: go.Figure, notes: Sequence[str], *, legend: bool) -> go.Figure:
    """Put legend and notes below the names."""
    height = figure.to_dict()["layout"]["height"]
    below = (28 if legend else 0) + (26 if notes else 0)
    if notes:
        figure.add_annotation(
            x=0.5,
            xref="paper",
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-4,
            text="; ".join(notes),
            showarrow=False,
            font={"color": MUTED},
        )
    return figure.update_layout(
        height=height + below + 8,
        margin={"b": below + 8},
        showlegend=legend,
        legend={"yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0.5, "xanchor": "center"},
    )
