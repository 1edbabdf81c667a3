"""Journal and ranking as tables, so that any tool can read a study; all rebuilt at will.

The columns are those of `nas.tables.columns`.
"""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from nas.ranking.curves import area_log_loss, deepest_loss
from nas.ranking.result import Ranking, Relation
from nas.study.records import EpochMeasured, TrialHistory
from nas.tables.columns import COUNT, EPOCHS, NEXT, RANKING, RELATIONS, TRIALS


def trials_frame(histories: Iterable[TrialHistory]) -> pd.DataFrame:
    """One row a trial, planned ones too; the columns are those of `TRIALS`."""
    return _frame([_trial_row(history) for history in histories], TRIALS)


def epochs_frame(histories: Iterable[TrialHistory]) -> pd.DataFrame:
    """One row an epoch measured, in the order of trials; the columns are those of `EPOCHS`."""
    rows = [
        {
            **asdict(epoch),
            **_gaps(epoch),
            "trial": history.trial.id,
            "label": history.trial.label,
            "layout": history.trial.layout,
            "role": history.trial.role.value,
            "seed": history.trial.seed,
        }
        for history in histories
        for epoch in history.epochs
    ]
    return _frame(rows, EPOCHS)


def ranking_frame(ranking: Ranking) -> pd.DataFrame:
    """One row a layout, the best first; the columns are those of `RANKING`."""
    between = {(each.a, each.b): each for each in ranking.relations}
    rows = []
    for rank, (layout, symbol) in enumerate(zip_longest(ranking.layouts, ranking.symbols), start=1):
        row = {**_flat(asdict(layout)), "rank": rank, "symbol": symbol and symbol.value}
        if symbol is not None:
            pair = layout.layout, ranking.layouts[rank].layout
            relation = between.get(pair) or between.get(pair[::-1])
            row |= _oriented(relation, first=layout.layout) if relation else {}
        rows.append(row)
    return _frame(rows, RANKING)


def _oriented(relation: Relation, *, first: str) -> dict[str, Any]:
    """Return the numbers of a relation as differences from `first`, named as in RANKING."""
    row = {name: getattr(relation, name) for name in NEXT}
    if relation.a != first:
        row |= {"difference": -relation.difference, "low": None, "high": None}
        if relation.low is not None and relation.high is not None:
            row |= {"low": -relation.high, "high": -relation.low}
        if relation.skewness is not None:
            row["skewness"] = -relation.skewness
    return {f"next_{name}": value for name, value in row.items()}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Spread rates over columns: `diverged` is the count, `diverged_of` the trials it is out of."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{part}": number for part, number in value.items()}
            flat[name] = value["count"]
        else:
            flat[name] = value
    return flat


def relations_frame(ranking: Ranking) -> pd.DataFrame:
    """One row a pair of layouts, the better estimate as `a`; columns as in `RELATIONS`."""
    rows = [{**asdict(relation), "symbol": relation.symbol.value} for relation in ranking.relations]
    return _frame(rows, RELATIONS)


def write_tables(folder: Path, *, histories: Sequence[TrialHistory], ranking: Ranking) -> None:
    """Write trials, epochs, ranking and relations as Parquet; a reader sees the old or the new.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame, schema in (
        ("trials", trials_frame(histories), TRIALS),
        ("epochs", epochs_frame(histories), EPOCHS),
        ("ranking", ranking_frame(ranking), RANKING),
        ("relations", relations_frame(ranking), RELATIONS),
    ):
        _write(
            pa.Table.from_pandas(frame, schema, preserve_index=False), folder / f"{name}.parquet"
        )


def to_csv(frame: pd.DataFrame) -> str:
    """Return the frame as CSV whose cells no spreadsheet takes for a formula; numbers stay numbers.

    Every text is quoted, so that line ends within it survive (OWASP ASVS 1.2.10).
    """
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_inert, na_action="ignore").astype(object)
    safe.columns = [_inert(str(name)) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


_FORMULA = re.compile(r"[=+\-@\t\r\0]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def _inert(cell: Any) -> Any:
    text = isinstance(cell, str)
    return f"'{cell}" if text and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _trial_row(history: TrialHistory) -> dict[str, Any]:
    trial = history.trial
    row = {
        "trial": trial.id,
        "number": trial.number,
        "label": trial.label,
        "layout": trial.layout,
        "role": trial.role.value,
        "seed": trial.seed,
        "status": history.status.value,
        "attempts": history.attempts,
        "epochs": len(history.epochs),
        "epochs_planned": trial.epochs,
        "parameters": trial.parameters,
        "macs": trial.macs,
        "samples": 0,
        "seconds": 0.0,
        "message": history.message,
    }
    if history.epochs:
        last = history.epochs[-1]
        row |= {name: getattr(last, name) for name in TRIALS.names if hasattr(last, name)}
        row |= _gaps(last)
        row["lowest_probe_loss"] = deepest_loss(history)
        row["area_log_loss"] = area_log_loss(history)
    return row


def _gaps(epoch: EpochMeasured) -> dict[str, float]:
    return {
        "evaluation_gap": epoch.evaluation_loss - epoch.probe_loss,
        "accuracy_gap": epoch.probe_accuracy - epoch.evaluation_accuracy,
    }


def _frame(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pd.DataFrame:
    """Return rows as a frame with the schema's columns and types, also when there is no row."""
    table = pa.Table.from_pylist([_encodable(row) for row in rows], schema)
    # A count that can be missing stays one: pandas would make it a float.
    return table.to_pandas(types_mapper={COUNT: pd.Int64Dtype()}.get)


def _encodable(row: dict[str, Any]) -> dict[str, Any]:
    """Replace lone surrogates: an error message may quote a path that is not UTF-8."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode()
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def _write(table: pa.Table, path: Path) -> None:
    """Write beside and rename; without fsync, for a table lost with the power is rebuilt."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        parquet.write_table(table, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
