"""The page of a sweep: the phase diagram, the orders in words, and the way to every study."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from nas.ranking.answer import also
from nas.ranking.result import Ranking
from nas.report import words
from nas.report.document import figure_json, read, render_page, write_page
from nas.report.phase import phase_diagram
from nas.report.phase_axis import Value
from nas.report.style import by_convolution, styles

_CAPTION = (
    "Above: mean score over seeds, with its own t interval. Below, in the same columns: layouts "
    "from best to worst, and between neighbours what is claimed of them over paired seeds, by each "
    "study for itself. Lines between columns show how ranks change; they claim nothing."
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
    figure = None
    if len(table):
        labels = by_convolution(table["label"])
        values = [row.value for row in rows]
        figure = phase_diagram(table, values=values, looks=styles(labels), axis=axis)
    rankings = [row.ranking for row in rows if row.ranking is not None]
    page = render_page(
        "phase.html.j2",
        scripts=[get_plotlyjs(), read("page.js")] if figure else [],
        title=title,
        axis=axis,
        figure=figure and figure_json(figure),
        height=figure and figure.to_dict()["layout"]["height"],
        caption=_CAPTION,
        rows=[_cells(row) for row in rows],
        symbols=words.symbols(rankings[0]) if rankings else {},
        notes=_notes(rows),
        facts=facts,
    )
    write_page(path, page)


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
