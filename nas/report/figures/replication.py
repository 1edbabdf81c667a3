"""How many seeds the open pairs still need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from plotly import graph_objects as go

from nas.ranking.result import Symbol
from nas.report.style import INK, LayoutStyle, dress, plain, rows_of, shorten

_HAS, _NEEDS = "#8793a0", "#b3d4ec"
_HATCH = {"shape": "/", "bgcolor": _NEEDS, "fgcolor": "#ffffff"}  # told from grey in print
_PAIRS = 20  # drawn at most, those that need least
_ONE_LINE = 34  # characters of a pair's names beside the axis


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bar:
    name: str
    has: int
    more: int | None
    color: str


def seeds_needed(
    ranking: pd.DataFrame,
    relations: pd.DataFrame,
    *,
    looks: Mapping[str, LayoutStyle],
    last: int | None = None,
) -> go.Figure:
    """Paired seeds that each open pair has, and those it is expected to need on top.

    `last` is the number of seeds beyond which no pair is looked at. Where no pair is open the
    figure says so and shows the seeds of each layout.
    """
    pairs = open_pairs(relations)
    rows = _layout_rows(ranking, looks) if pairs.empty else _pair_rows(pairs.head(_PAIRS))
    figure = go.Figure()
    names = [f"{i}" for i in range(len(rows))]
    figure.add_bar(
        x=[row.has for row in rows],
        y=names,
        orientation="h",
        name="seeds so far",
        marker={"color": [row.color for row in rows]},
        text=[f"{row.has}" for row in rows] if pairs.empty else None,
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}",
    )
    if not pairs.empty:
        figure.add_bar(
            x=[row.more or 0 for row in rows],
            y=names,
            orientation="h",
            name="expected on top",
            marker={"color": _NEEDS, "pattern": _HATCH},
            text=[_foreseen(row) for row in rows],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}",
        )
    lengths = [row.has + (row.more or 0) for row in rows]
    if last is not None and last >= max((row.has for row in rows), default=0) and len(pairs):
        line = {"color": INK, "width": 1.5, "dash": "dash"}
        figure.add_vline(x=last, line=line)
        # a line across the figure has no entry in the legend
        figure.add_scatter(x=[None], y=[None], mode="lines", name=f"last look: {last}", line=line)
        lengths.append(last)
    return _arrange(figure, rows, title=_title(relations, pairs), longest=max(lengths, default=1))


def open_pairs(relations: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that seeds may still settle, those that need least first.

    Open are `?`, and what a search for sharp claims still has seeds for; a pair about which claims
    are withheld is not: no seed changes that.
    """
    undecided = (relations["symbol"] == Symbol.UNDECIDED.value) | relations["more_seeds"].notna()
    found = relations[undecided & (relations["withheld"] == "")]
    return found.sort_values(["more_seeds", "paired_seeds"], na_position="last", kind="stable")


def _pair_rows(pairs: pd.DataFrame) -> list[_Bar]:
    rows = []
    for row in rows_of(pairs):
        a, b = shorten(row.a), shorten(row.b)
        between = "\n" if len(a) + len(b) > _ONE_LINE else " "
        rows.append(
            _Bar(
                name=plain(f"{a} {row.symbol}{between}{b}").replace("\n", "<br>"),
                has=int(row.paired_seeds),
                more=None if pd.isna(row.more_seeds) else int(row.more_seeds),
                color=_HAS,
            )
        )
    return rows


def _foreseen(row: _Bar) -> str:
    return f"{row.has}, not foreseeable" if row.more is None else f"{row.has} + {row.more}"


def _layout_rows(ranking: pd.DataFrame, looks: Mapping[str, LayoutStyle]) -> list[_Bar]:
    return [
        _Bar(
            name=plain(shorten(row.label)),
            has=int(row.seeds),
            more=None,
            color=looks[row.label].color,
        )
        for row in rows_of(ranking)
    ]


def _title(relations: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """Say how many pairs are open, which are drawn, and which no seed will open."""
    withheld = int((relations["withheld"] != "").sum())
    aside = f", {withheld} not compared" if withheld else ""
    if pairs.empty:
        return f"Nothing open: of {_count(len(relations))} none needs more seeds{aside}"
    said = f"{len(pairs)} of {_count(len(relations))} open{aside}"
    return f"{said}; the {_PAIRS} nearest to a decision" if len(pairs) > _PAIRS else said


def _count(pairs: int) -> str:
    return f"{pairs} pair{'' if pairs == 1 else 's'}"


def _arrange(figure: go.Figure, rows: Sequence[_Bar], *, title: str, longest: int) -> go.Figure:
    several = len(figure.to_dict()["data"]) > 1
    tall = any("<br>" in row.name for row in rows)
    foreseen = all(row.more is not None for row in rows) or not several
    room = 0.13 if foreseen else 0.3  # for the words at the end of a bar
    figure.update_xaxes(
        title_text="paired seeds" if several else "seeds",
        range=[0, longest * (1 + room) + 0.3],
        tickformat="d",
        nticks=9,
    )
    figure.update_yaxes(
        autorange="reversed",
        type="category",
        tickvals=[f"{i}" for i in range(len(rows))],
        ticktext=[row.name for row in rows],
        showgrid=False,
    )
    height = 150 + (44 if tall else 30) * len(rows) + (30 if several else 0)
    dress(figure, height=height, legend=several, top=84 if several else 52)
    return figure.update_layout(
        barmode="stack",
        bargap=0.3,
        title={"text": title, "x": 0.01, "yref": "container", "y": 1, "yanchor": "top"},
        title_pad={"t": 12},
        title_font={"size": 15},
        legend={"traceorder": "normal"},
    )
