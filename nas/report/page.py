"""The report: one HTML file that says and shows a study, opens offline, runs no one's script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from plotly import graph_objects as go
from plotly.offline import get_plotlyjs

from nas.ranking.result import Ranking
from nas.records import TrialHistory, TrialStatus
from nas.report import figures, words
from nas.report.document import figure_json, read, render_page, write_page
from nas.report.style import styles
from nas.views import epochs_frame, ranking_frame, relations_frame

_LOST = (TrialStatus.DIVERGED, TrialStatus.FAILED)


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
) -> None:
    """Write the report to `path`; a reader sees the old page or the new, never half of one.

    The same study gives the same bytes. `facts` say how the study was made and how to repeat it.

    Raises:
        OSError: the file cannot be written.
    """
    write_page(path, render(title=title, histories=histories, ranking=ranking, facts=facts))


def render(
    *,
    title: str,
    histories: Sequence[TrialHistory],
    ranking: Ranking,
    facts: Mapping[str, str],
) -> str:
    """Return the report as HTML."""
    drawn = _figures(histories, ranking)
    scripts = [get_plotlyjs(), read("page.js")] if drawn else []
    looks = styles(history.trial.label for history in histories)
    return render_page(
        "page.html.j2",
        scripts=scripts,
        title=title,
        ranking=ranking,
        lead=words.lead(ranking),
        words=words.symbols(ranking),
        reading=words.reading(ranking),
        layouts=[
            {
                **words.layout_cells(layout),
                "color": looks[layout.layout].color,
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
            }
            for relation in ranking.relations
        ],
        figures=drawn,
        trials=words.trial_cells(histories),
        facts=facts,
    )


def _figures(histories: Sequence[TrialHistory], ranking: Ranking) -> list[_Figure]:
    """Return the figures that there is something to draw in."""
    looks = styles(history.trial.label for history in histories)
    epochs = epochs_frame(history for history in histories if history.status not in _LOST)
    table = ranking_frame(ranking)
    found: list[tuple[str, str, str, go.Figure]] = []
    if len(table):
        found.append(("scores", *_SCORES, figures.scores(table, looks=looks)))
    if len(table) > 1:
        pairs = relations_frame(ranking)
        found.append(("pairs", *_PAIRS, figures.pairwise(pairs, table["layout"].tolist())))
    if len(epochs):
        figure = figures.generalization(epochs, table, looks=looks, equal_loss=ranking.equal_loss)
        found.append(("generalization", *_GENERALIZATION, figure))
        found.append(("curves", *_CURVES, figures.learning_curves(epochs, looks=looks)))
    if len(table):
        found.append(("cost", *_COST, figures.cost(table, looks=looks)))
    return [
        _Figure(
            name=f"figure-{name}",
            title=title,
            caption=caption,
            height=figure.to_dict()["layout"]["height"],
            json=figure_json(figure),
        )
        for name, title, caption, figure in found
    ]


_SCORES = (
    "Scores",
    (
        "Mean over seeds with its own t interval. Two layouts may differ although these intervals "
        "overlap, and the other way round: the pairs compare the same seeds."
    ),
)
_PAIRS = (
    "Every pair",
    (
        "What is claimed of the row against the column, and the difference in points. The colour "
        "tells the claim: blue is better, orange worse, grey equivalent, white not decided."
    ),
)
_GENERALIZATION = (
    "Generalization: accuracy at equal training loss",
    (
        "One line a seed, through the epochs at which the training loss reached a new low. Of "
        "two layouts at the same training loss, the higher one generalizes better. Large markers "
        "are the scores. Diverged and failed trials are left out."
    ),
)
_CURVES = (
    "Learning curves",
    (
        "Median over seeds, with a band from the lowest to the highest. The training loss is "
        "measured on the probe, without augmentation. Diverged and failed trials are left out."
    ),
)
_COST = "Cost against accuracy", "Layouts compare fairly only where they cost about the same."
