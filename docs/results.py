"""Write a finished study or sweep as a page of docs/results: ranking, figures, trials.

    python -m docs.results STUDY NAME "nas search ..."

The page is docs/results/NAME/README.md. Everything on it is read from the journals; what it means
is said by hand, in docs/results.md.
"""

import sys
import time
from pathlib import Path

from docs.png import write_figure_png, write_png
from nas.ranking.answer import also
from nas.ranking.result import LayoutScore, Ranking
from nas.ranking.scope import scope
from nas.reading.phase import orders_frame, phase_frame, phase_points, write_phase
from nas.reading.study import rank_study
from nas.report import words
from nas.report.figures.scaling import sizes_vary
from nas.report.sections import Section, sections
from nas.study.folder import Study, open_study
from nas.study.places import find_study
from nas.study.records import TrialHistory
from nas.study.sweep import Sweep, find_sweep, open_sweep
from nas.tables.csv_text import to_csv
from nas.tables.frames import relations_frame, trials_frame

RESULTS = Path(__file__).parent / "results"
WIDTH = 1000  # pixels
FIGURES = ("curves", "generalization", "fine-tuning", "difference", "cost", "seeds")
COLUMNS = [
    "trial", "label", "seed", "status", "epochs", "parameters", "macs", "samples", "seconds",
    "probe_loss", "evaluation_loss", "evaluation_accuracy",
]  # fmt: skip
TABLE = (
    (
        "| label | score % | interval | evaluation accuracy % | probe loss | "
        "loss gap, nats | seeds | parameters | MACs |"
    ),
    "|---|---|---|---|---|---|---|---|---|",
)


def main(study: str, name: str, command: str) -> None:
    """Write the page of one study, or of one sweep."""
    folder = RESULTS / name
    folder.mkdir(parents=True, exist_ok=True)
    if (sweep := find_sweep(study)) is not None:
        write_sweep(open_sweep(sweep), folder, command=command)
    else:
        write_study(open_study(find_study(study)), folder, command=command)


def write_sweep(sweep: Sweep, folder: Path, *, command: str) -> None:
    """Write the page of a sweep: its diagram, and of each value order and pairs."""
    points = phase_points(sweep)
    page = folder / "page.html"
    write_phase(sweep, points, to=page)
    drawn = {"phase": f"The order against {sweep.key}"}
    if sizes_vary(phase_frame(points)):
        drawn = {"scaling": "Accuracy against MACs and parameters", **drawn}
    lines = [f"# {folder.name.replace('-', ' ')}", "", f"    {command}", ""]
    for name, words_for_it in drawn.items():
        write_figure_png(page, folder / f"{name}.png", name=name, width=WIDTH)
        lines += [f"![{words_for_it}]({name}.png)", ""]
    page.unlink()
    (folder / "orders.csv").write_text(to_csv(orders_frame(points)), encoding="utf-8")
    for point in points:
        if point.ranking is None:
            continue
        lines += [f"## {sweep.key} = {point.member.word}", "", *_answer(point.ranking)]
        lines += [*TABLE, *(_row(layout) for layout in point.ranking.layouts), ""]
        lines += [*_claims(point.ranking), ""]
    lines.append("[orders.csv](orders.csv) has all scores.")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_study(opened: Study, folder: Path, *, command: str) -> None:
    """Write the page of a study."""
    histories = opened.histories()
    ranking = rank_study(opened, histories)
    drawn = [each for each in sections(histories, ranking) if each.name in FIGURES]
    for section in drawn:
        height = section.figure.to_dict()["layout"]["height"]
        write_png(section.figure, folder / f"{section.name}.png", width=WIDTH, height=height)
    (folder / "trials.csv").write_text(to_csv(trials_frame(histories)[COLUMNS]), encoding="utf-8")
    (folder / "relations.csv").write_text(to_csv(relations_frame(ranking)), encoding="utf-8")
    name = folder.name.replace("-", " ")
    text = page(opened, histories, ranking, name=name, command=command, drawn=drawn)
    (folder / "README.md").write_text(text, encoding="utf-8")


def page(
    study: Study,
    histories: tuple[TrialHistory, ...],
    ranking: Ranking,
    *,
    name: str,
    command: str,
    drawn: list[Section],
) -> str:
    """Return the page as Markdown."""
    seconds = sum(history.epochs[-1].seconds for history in histories if history.epochs)
    begun = time.strftime("%Y-%m-%d", time.gmtime(study.created))
    data = study.data
    lines = [
        f"# {name}",
        "",
        f"    {command}",
        "",
        (
            f"Begun {begun}; {len(histories)} trials, {seconds / 3600:.2f} hours of one core. "
            f"{_count(data.train_images)} images to train on, {data.evaluation_images:,} to "
            f"evaluate, {data.shape.classes} classes, {data.shape.image_size} pixels."
        ),
        "",
        *_answer(ranking),
        words.lead(ranking),
        "",
    ]
    if ranking.agreement is not None:
        lines += [
            f"The paper: {ranking.agreement.paper}. Kendall's tau-b {ranking.agreement.tau:+.2f}.",
            "",
        ]
    lines += [*TABLE, *(_row(layout) for layout in ranking.layouts), "", *_claims(ranking), ""]
    if ranking.placebo is not None:
        placebo = ranking.placebo
        lines += [
            (
                f"Placebo: {placebo.a} {placebo.symbol.value} {placebo.b}: "
                f"{words.claim(placebo, ranking)}"
            ),
            "",
        ]
    lines += ["What it rests on:", "", *(f"- {note}" for note in ranking.notes), ""]
    for section in drawn:
        lines += [f"## {section.title}", "", f"![{section.title}]({section.name}.png)", ""]
        lines += [section.caption, ""]
    lines.append(
        "[trials.csv](trials.csv) has every run, [relations.csv](relations.csv) every pair."
    )
    return "\n".join(lines) + "\n"


def _answer(ranking: Ranking) -> list[str]:
    said = (f"**{ranking.answer}**", also(ranking), ranking.sentence, scope(ranking))
    return [line for words in said if words for line in (words, "")]


def _claims(ranking: Ranking) -> list[str]:
    return [
        "Pairs, difference in points with its simultaneous interval:",
        "",
        *(
            f"- {relation.a} {relation.symbol.value} {relation.b}: {words.claim(relation, ranking)}"
            for relation in ranking.relations
        ),
    ]


def _count(images: int | None) -> str:
    return "endlessly many" if images is None else f"{images:,}"


def _row(layout: LayoutScore) -> str:
    cells = words.layout_cells(layout)
    return (
        f"| {layout.label} | {100 * layout.score:.2f} | {cells['interval']} | "
        f"{100 * layout.evaluation_accuracy:.2f} | {layout.probe_loss:.3f} | "
        f"{layout.loss_gap:+.3f} | {layout.seeds} | {layout.parameters:,} | "
        f"{words.count(layout.macs)} |"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
