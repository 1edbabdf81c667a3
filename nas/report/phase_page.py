"""The page of a sweep: its figures, the orders in words, and the way to every study."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from nas.ranking.answer import also
from nas.ranking.result import Ranking
from nas.report import words
from nas.report.document import figure_json, read, render_page, write_page
from nas.report.figures.scaling import scaling, sizes_vary
from nas.report.phase import phase_diagram
from nas.report.phase_axis import Value
from nas.report.style import by_convolution, styles

_CAPTION = (
    "Above: mean score over seeds, with its own t interval. Below, in the same columns: layouts "
    "from best to worst, and between neighbours what is claimed of them over paired seeds, by each "
    "study for itself. Lines between columns show how ranks change; they claim nothing."
)


_SCALING = (
    "Mean score over seeds, with its own t interval, against what a network costs: multiply-adds "
    "of an image (left), parameters (right). A curve joins the sizes of one network; between them "
    "it claims nothing."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseRow:
    """One value of the key, with the ranking of its study."""

    value: Value
    ranking: Ranking | None  # None before the study begins
    link: str  # to the study's report, relative to the page; empty: there is none


def write_phase_page(
    path: Path,
    *,
    title: str,
    axis: str,
    table: pd.DataFrame,
    rows: Sequence[PhaseRow],
    facts: Mapping[str, str],
) -> None:
    """Write the page of a sweep over a key, whose words are `axis`.

    `table` is that of `nas.reading.phase`. A reader sees the old page or the new.
    The same sweep gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    figures = _figures(table, rows, axis)
    rankings = [row.ranking for row in rows if row.ranking is not None]
    page = render_page(
        "phase.html.j2",
        scripts=[get_plotlyjs(), read("page.js")] if figures else [],
        title=title,
        axis=axis,
        figures=figures,
        rows=[_cells(row) for row in rows],
        symbols=words.symbols(rankings[0]) if rankings else {},
        notes=_notes(rows),
        facts=facts,
    )
    write_page(path, page)


def _figures(table: pd.DataFrame, rows: Sequence[PhaseRow], axis: str) -> list[dict[str, object]]:
    """Return what there is to draw: scores against size where sizes vary, then the order."""
    if not len(table):
        return []
    looks = styles(by_convolution(table["label"]))
    values = [row.value for row in rows]
    drawn = [("phase", phase_diagram(table, values=values, looks=looks, axis=axis), _CAPTION)]
    if sizes_vary(table):
        drawn.insert(0, ("scaling", scaling(table, looks=looks), _SCALING))
    return [
        {
            "name": name,
            "json": figure_json(figure),
            "height": figure.to_dict()["layout"]["height"],
            "caption": caption,
        }
        for name, figure, caption in drawn
    ]


def _cells(row: PhaseRow) -> dict[str, str]:
    ranking = row.ranking
    none = "–"
    cells = {"value": row.value.word, "order": row.value.note, "link": row.link}
    cells |= {"also": "", "sentence": ""}
    if ranking is None or not ranking.layouts:
        return {**cells, "loss": none, "tau": none, "seeds": none}
    seeds = [layout.seeds for layout in ranking.layouts]
    return {
        **cells,
        "order": ranking.order,
        "also": also(ranking),
        "sentence": ranking.sentence,
        "loss": none if ranking.equal_loss is None else f"{ranking.equal_loss:.3f}",
        "tau": none if ranking.agreement is None else f"{ranking.agreement.tau:+.2f}",
        "seeds": str(seeds[0]) if len(set(seeds)) == 1 else f"{min(seeds)} to {max(seeds)}",
    }


def _notes(rows: Iterable[PhaseRow]) -> list[tuple[str, str]]:
    """Return each note once, with the values it is about; empty: all of them."""
    about: dict[str, list[str]] = {}
    ranked = [row for row in rows if row.ranking is not None]
    for row in ranked:
        assert row.ranking is not None
        for note in filter(None, (row.ranking.preliminary, *row.ranking.notes)):
            about.setdefault(note, []).append(row.value.word)
    return [
        ("" if len(values) == len(ranked) else ", ".join(values), note)
        for note, values in about.items()
    ]
