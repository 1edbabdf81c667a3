"""What a sweep leaves for people: the order against the key, as tables and as one picture."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from pyarrow import parquet

from nas.ranking.result import Ranking
from nas.reading.study import REPORT, rank_study
from nas.report.phase_axis import Value
from nas.report.phase_page import PhaseRow, write_phase_page
from nas.report.style import by_convolution
from nas.spec.study import Metric, Question
from nas.study.records import TrialStatus
from nas.study.storage import replacing
from nas.study.sweep import IMAGES, Member, Sweep
from nas.tables.csv_text import to_csv
from nas.tables.listings import study_status, trial_counts
from nas.tables.schemas import MEMBERS, ORDERS, PHASE, SIZES

PAGE = "phase.html"
TABLE = "phase.parquet"
SPREADSHEET = "phase.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class PhasePoint:
    """One value of the key: where its study stands, and the ranking as it is now."""

    member: Member
    number: float | None  # the value where it is a number: of images for data.train
    status: str  # planned, running, interrupted, finished
    counts: Mapping[str, int]  # of trials, by the columns of `MEMBERS`
    ranking: Ranking | None = None  # None before the study begins


def phase_points(
    sweep: Sweep, *, metric: Metric | None = None, question: Question | None = None
) -> tuple[PhasePoint, ...]:
    """Rank every study of a sweep as it stands, by its own spec, another metric or question."""
    return tuple(_point(sweep, member, metric, question) for member in sweep.members)


def _point(
    sweep: Sweep, member: Member, metric: Metric | None, question: Question | None
) -> PhasePoint:
    study = member.study()
    number = _number(sweep.key, member, None if study is None else study.data.train_images)
    if study is None:
        return PhasePoint(
            member=member,
            number=number,
            status=TrialStatus.PLANNED.value,
            counts=trial_counts(()),
        )
    state = study.state()
    histories = state.histories()
    return PhasePoint(
        member=member,
        number=number,
        status=study_status(study, histories, ended=state.ended),
        counts=trial_counts(histories),
        ranking=rank_study(study, histories, metric=metric, question=question),
    )


def _number(key: str, member: Member, images: int | None) -> float | None:
    if key == IMAGES:
        if member.spec.data.endless:
            return math.inf
        return member.spec.data.train or images
    value = member.value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else None


def phase_frame(points: Sequence[PhasePoint]) -> pd.DataFrame:
    """One row a value and label, the best first; the columns are those of `PHASE`."""
    return PHASE.frame(_rows(points))


def orders_frame(points: Sequence[PhasePoint]) -> pd.DataFrame:
    """One row a value: every label's score, and what `ORDERS` has beside."""
    labels = by_convolution(phase_frame(points)["label"])
    rows = []
    for point in points:
        ranking = point.ranking
        known = {score.label: score for score in ranking.layouts} if ranking else {}
        agreement = ranking.agreement if ranking else None
        rows.append(
            {
                "value": point.member.word,
                **{label: known[label].score if label in known else None for label in labels},
                "equal_loss": ranking.equal_loss if ranking else None,
                "tau": agreement.tau if agreement else None,
                "order": ranking.order if ranking else "",
            }
        )
    value, *others = ORDERS.names
    frame = pd.DataFrame(rows, columns=[value, *labels, *others])
    return frame.astype(dict.fromkeys([*labels, "equal_loss", "tau"], float))


def sizes_frame(rankings: Mapping[str | None, Ranking]) -> pd.DataFrame:
    """One row a label and value, by size; the columns are those of `SIZES`.

    `rankings` has one for each value of a sweep's key; None is that of a study alone.
    """
    names = [name for name in SIZES.names if name != "value"]
    rows: list[dict[str, Any]] = [
        {"value": word, **{name: getattr(layout, name) for name in names}}
        for word, ranking in rankings.items()
        for layout in ranking.layouts
    ]
    places = {label: place for place, label in enumerate(by_convolution(r["label"] for r in rows))}
    rows.sort(key=lambda row: (places[row["label"]], row["macs"], row["parameters"]))
    return SIZES.frame(rows)


def members_frame(points: Sequence[PhasePoint]) -> pd.DataFrame:
    """One row a value: where its study stands; the columns are those of `MEMBERS`."""
    return MEMBERS.frame(
        {
            "value": point.member.word,
            "status": point.status,
            **point.counts,
            "study": str(point.member.folder),
        }
        for point in points
    )


def write_phase(sweep: Sweep, points: Sequence[PhasePoint], *, to: Path | None = None) -> Path:
    """Write the tables beside the studies, and the page there or to `to`; return the page's path.

    Raises:
        OSError: the folder cannot be written.
    """
    frame = phase_frame(points)
    with replacing(sweep.folder / TABLE) as beside:
        parquet.write_table(PHASE.arrow(frame), beside)
    with replacing(sweep.folder / SPREADSHEET) as beside:
        beside.write_bytes(to_csv(frame).encode())
    page = to or sweep.folder / PAGE
    write_phase_page(
        page,
        title=sweep.spec.name,
        axis="number of training images" if sweep.key == IMAGES else sweep.key,
        table=frame,
        rows=[_page_row(point, linked=to is None) for point in points],
        facts={
            "begun": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(sweep.created)),
            "key": sweep.key,
            "recipe": sweep.spec.training.model_dump_json(),
            "search": sweep.spec.search.model_dump_json(),
            "again": f"nas search {sweep.folder}/spec.json --study ANOTHER",
        },
    )
    return page


def _rows(points: Sequence[PhasePoint]) -> Iterator[dict[str, Any]]:
    for point in points:
        ranking = point.ranking
        if ranking is None:
            continue
        shared = {
            "value": point.member.word,
            "value_number": point.number,
            "equal_loss": ranking.equal_loss,
            "tau": ranking.agreement and ranking.agreement.tau,
        }
        for rank, (layout, mark) in enumerate(zip_longest(ranking.layouts, ranking.marks), start=1):
            names = ("label", "layout", "score", "low", "high", "seeds", "parameters", "macs")
            own = {name: getattr(layout, name) for name in names}
            yield {**shared, **own, "rank": rank, "mark": mark}


def _page_row(point: PhasePoint, *, linked: bool) -> PhaseRow:
    member, ranking = point.member, point.ranking
    note = ""
    if ranking is None:
        note = "not begun"
    elif not ranking.layouts:
        note = f"{point.status}: nothing to rank yet"
    there = linked and (member.folder / REPORT).is_file()
    return PhaseRow(
        value=Value(word=member.word, number=point.number, note=note),
        ranking=ranking,
        link=f"{quote(member.folder.name)}/{REPORT}" if there else "",
    )
