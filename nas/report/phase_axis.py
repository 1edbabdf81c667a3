"""The columns of a phase diagram: where they stand, and what is written below them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from plotly import graph_objects as go

from nas.report.style import GRID, INK

# Columns nearer than this, in mean distances, have no room for names: they stand evenly instead.
_NEAREST = 0.55


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A column of the diagram."""

    word: str  # how the value is written
    number: float | None  # infinite: endless; None: no number, or not known yet
    note: str = ""  # why no order stands there


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Where columns stand, in units of the mean distance between neighbours."""

    values: tuple[Value, ...]  # from left to right
    at: Mapping[str, float]
    even: bool  # distances mean nothing

    @property
    def endless(self) -> Value | None:
        """The column of endless data, which has no place on the scale."""
        last = self.values[-1]
        return last if last.number == math.inf and not self.even else None


def place_columns(values: Sequence[Value]) -> Columns:
    """Return the columns on a scale of logarithms, or evenly where there is none to read."""
    even = Columns(
        values=tuple(values), at={v.word: float(i) for i, v in enumerate(values)}, even=True
    )
    known = [value.number for value in values]
    if any(number is None or number <= 0 for number in known):
        return even
    ordered = tuple(sorted(values, key=lambda value: value.number or 0.0))
    logs = [math.log10(v.number or 1.0) for v in ordered if v.number != math.inf]
    gaps = [after - before for before, after in pairwise(logs)]
    mean = sum(gaps) / len(gaps) if gaps else 0.0
    if not gaps or min(gaps) < _NEAREST * mean:
        return even
    at = {
        v.word: (logs[i] - logs[0]) / mean if i < len(logs) else (logs[-1] - logs[0]) / mean + 1
        for i, v in enumerate(ordered)
    }
    return Columns(values=ordered, at=at, even=False)


def break_axis(figure: go.Figure, *, at: float) -> None:
    """Mark that the scale ends left of `at`: two strokes on the axis, a line above them."""
    figure.add_shape(
        type="line", x0=at, x1=at, y0=0, y1=1, xref="x", yref="y domain",
        line={"color": GRID, "width": 1.5, "dash": "dot"}, layer="below",
    )  # fmt: skip
    figure.add_annotation(
        x=at, y=0, xref="x", yref="y domain", yanchor="middle", showarrow=False, text="<b>//</b>",
        bgcolor="#ffffff", borderpad=0, font={"size": 15, "color": INK},
    )  # fmt: skip


def tick(value: Value) -> str:
    """Return what is written below a column: the number, and the word where it says more."""
    number = value.number
    if number is None or number == math.inf:
        return value.word
    shown = f"{number:,.0f}" if number == int(number) else f"{number:g}"
    plain_number = value.word.replace(",", "").replace("-", "").replace(".", "").isdecimal()
    return shown if plain_number or value.word == shown else f"{shown} ({value.word})"
