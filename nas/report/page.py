"""The report: one HTML file that says and shows a study, opens offline, runs no one's script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from nas.ranking.answer import also
from nas.ranking.pareto import Fronts
from nas.ranking.result import Ranking
from nas.ranking.scope import scope
from nas.report import words
from nas.report.document import figure_json, read, render_page, write_page
from nas.report.fronts import front_sections
from nas.report.networks import drawn as drawn_networks
from nas.report.rungs import rung_cells
from nas.report.sections import Section, in_figures, sections
from nas.report.style import styles
from nas.search.allocation.rung_report import RungReport
from nas.study.records import TrialHistory

MOST_TRIALS = 500  # rows of the table of trials; a page is for reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What a search did beside training: None where it did not."""

    rungs: RungReport | None = None  # what was compared before its last epoch
    fronts: Fronts | None = None  # of score and costs


@dataclass(frozen=True, kw_only=True, slots=True)
class _Figure:
    name: str  # id of the element it is drawn in
    title: str
    caption: str
    height: int  # pixels
    json: Markup


def write_report(
    path: Path,
    *,
    title: str,
    histories: Sequence[TrialHistory],
    ranking: Ranking,
    facts: Mapping[str, str],
    shown: Sequence[TrialHistory] | None = None,
    searched: Searched = Searched(),
) -> None:
    """Write the report to `path`; a reader sees the old page or the new, never half of one.

    The same study gives the same bytes. `facts` say how the study was made and how to repeat it,
    `shown` are the trials that the ranking rests on and the figures show, by default all,
    `searched` what the search did beside training them.

    Raises:
        OSError: the file cannot be written.
    """
    page = render(
        title=title,
        histories=histories,
        ranking=ranking,
        facts=facts,
        shown=histories if shown is None else shown,
        searched=searched,
    )
    write_page(path, page)


def render(
    *,
    title: str,
    histories: Sequence[TrialHistory],
    ranking: Ranking,
    facts: Mapping[str, str],
    shown: Sequence[TrialHistory],
    searched: Searched = Searched(),
) -> str:
    """Return the report as HTML: of a study of many candidates, those that are ranked."""
    rungs, fronts = searched.rungs, searched.fronts
    ranked = in_figures(shown, ranking)
    drawn = _figures([*sections(ranked, ranking), *(front_sections(fronts) if fronts else [])])
    scripts = [get_plotlyjs(), read("page.js")] if drawn else []
    looks = styles(history.trial.label for history in ranked)
    return render_page(
        "page.html.j2",
        scripts=scripts,
        title=title,
        ranking=ranking,
        also=also(ranking),
        scope=scope(ranking),
        lead=words.lead(ranking),
        words=words.symbols(ranking),
        reading=words.reading(ranking),
        drawing=drawn_networks(ranked, ranking),
        layouts=[
            {
                **words.layout_cells(layout),
                "color": looks[layout.label].color,
                "symbol": symbol.value if symbol else "",
            }
            for layout, symbol in zip(ranking.layouts, (*ranking.symbols, None), strict=False)
        ],
        relations=[
            {
                "a": relation.a,
                "b": relation.b,
                "symbol": relation.symbol.value,
                "words": words.claim(relation, ranking),
                "new_images": words.new_images(relation),
            }
            for relation in ranking.relations
        ],
        figures=drawn,
        groups=[words.group_cells(group) for group in ranking.groups],
        rungs=rung_cells(rungs) if rungs else [],
        rung_words=rungs.sentence if rungs else "",
        trials=words.trial_cells(histories[-MOST_TRIALS:]),
        all_trials=len(histories),
        facts=facts,
    )


def _figures(shown: Sequence[Section]) -> list[_Figure]:
    return [
        _Figure(
            name=f"figure-{section.name}",
            title=section.title,
            caption=section.caption,
            height=section.figure.to_dict()["layout"]["height"],
            json=figure_json(section.figure),
        )
        for section in shown
    ]
