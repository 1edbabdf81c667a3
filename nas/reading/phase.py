"""What a sweep leaves for people: the order against the key, as tables and as one picture."""

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from nas.ranking.result import Ranking
from nas.reading.study import REPORT, rank_study
from nas.report.phase_axis import Value
from nas.report.phase_page import PhaseRow, write_phase_page
from nas.report.style import by_convolution
from nas.spec.study import Metric
from nas.study.records import FINAL, TrialStatus
from nas.study.sweep import IMAGES, Member, Sweep
from nas.tables.frames import to_csv
from nas.tables.listings import study_status

PAGE = "phase.html"
TABLE = "phase.parquet"
SPREADSHEET = "phase.csv"

_TEXT, _COUNT, _REAL = pa.string(), pa.int64(), pa.float64()
PHASE = pa.schema(
    [
        ("value", _TEXT),  # of the key, as in the folders' names
        ("number", _REAL),  # the same as a number: null where it is none, infinite for endless data
        ("rank", _COUNT),  # from 1, the best
        ("layout", _TEXT),
        ("score", _REAL),
        ("low", _REAL),  # t interval of the mean, null with one seed
        ("high", _REAL),
        ("seeds", _COUNT),
        ("symbol", _TEXT),  # the claim about the next layout, `|` withheld, null at the last
        ("equal_loss", _REAL),  # l*, nats
        ("tau", _REAL),  # Kendall's tau-b with the paper's order
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhasePoint:
    """One value of the key: where its study stands, and the ranking as it is now."""

    member: Member
    number: float | None  # the value where it is a number: of images for data.train
    status: str  # planned, running, interrupted, finished
    trials: int = 0
    finished: int = 0
    diverged: int = 0
    failed: int = 0
    ranking: Ranking | None = None  # None before the study begins


def phase_points(sweep: Sweep, *, metric: Metric | None = None) -> tuple[PhasePoint, ...]:
    """Rank every study of a sweep as it stands, by its own spec or by another metric."""
    return tuple(_point(sweep, member, metric) for member in sweep.members)


def _point(sweep: Sweep, member: Member, metric: Metric | None) -> PhasePoint:
    study = member.study()
    number = _number(sweep.key, member, None if study is None else study.data.train_images)
    if study is None:
        return PhasePoint(member=member, number=number, status=TrialStatus.PLANNED.value)
    state = study.state()
    histories = state.histories()
    counts = {status: sum(h.status is status for h in histories) for status in FINAL}
    return PhasePoint(
        member=member,
        number=number,
        status=study_status(study, histories, ended=state.ended),
        trials=len(histories),
        finished=counts[TrialStatus.FINISHED],
        diverged=counts[TrialStatus.DIVERGED],
        failed=counts[TrialStatus.FAILED],
        ranking=rank_study(study, histories, metric=metric),
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
    """One row a value and layout, the best first; the columns are those of `PHASE`."""
    return pa.Table.from_pylist(list(_rows(points)), PHASE).to_pandas(
        types_mapper={_COUNT: pd.Int64Dtype()}.get
    )


def orders_frame(points: Sequence[PhasePoint]) -> pd.DataFrame:
    """One row a value: the layouts' scores, l*, tau-b with the paper, and the order."""
    table = phase_frame(points)
    labels = by_convolution(table["layout"])
    rows = []
    for point in points:
        ranking = point.ranking
        known = {score.layout: score for score in ranking.layouts} if ranking else {}
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
    frame = pd.DataFrame(rows, columns=["value", *labels, "equal_loss", "tau", "order"])
    return frame.astype(dict.fromkeys([*labels, "equal_loss", "tau"], float))


def members_frame(points: Sequence[PhasePoint]) -> pd.DataFrame:
    """One row a value: where its study stands."""
    names = ("status", "trials", "finished", "diverged", "failed")
    return pd.DataFrame(
        [
            {
                "value": point.member.word,
                **{name: getattr(point, name) for name in names},
                "study": str(point.member.folder),
            }
            for point in points
        ]
    )


def write_phase(sweep: Sweep, points: Sequence[PhasePoint], *, to: Path | None = None) -> Path:
    """Write the tables beside the studies, and the page there or to `to`; return the page's path.

    Raises:
        OSError: the folder cannot be written.
    """
    frame = phase_frame(points)
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pandas(frame, PHASE, preserve_index=False), sink)
    _replace(sweep.folder / TABLE, sink.getvalue().to_pybytes())
    _replace(sweep.folder / SPREADSHEET, to_csv(frame).encode())
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
            "number": point.number,
            "equal_loss": ranking.equal_loss,
            "tau": ranking.agreement and ranking.agreement.tau,
        }
        for rank, (layout, mark) in enumerate(zip_longest(ranking.layouts, ranking.marks), start=1):
            names = ("layout", "score", "low", "high", "seeds")
            own = {name: getattr(layout, name) for name in names}
            yield {**shared, **own, "rank": rank, "symbol": mark}


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


def _replace(path: Path, content: bytes) -> None:
    """Write beside and rename; without fsync, for a backend lost with the power is made anew."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
