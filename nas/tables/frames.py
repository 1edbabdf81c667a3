"""Journal and ranking as tables, so that any tool can read a study; all rebuilt at will.

The columns are those of `nas.tables.schemas`, the words those of `nas.tables.columns`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import parquet

from nas.ranking.curves import area_log_loss, deepest_loss, gaps
from nas.ranking.result import Ranking, Relation
from nas.study.packed import column
from nas.study.records import EpochMeasured, Trial, TrialHistory
from nas.study.storage import replacing
from nas.tables.schemas import EPOCHS, EVIDENCE, RANKING, RELATIONS, TRIALS


def trials_frame(histories: Iterable[TrialHistory]) -> pd.DataFrame:
    """One row a trial, planned ones too; the columns are those of `TRIALS`."""
    return TRIALS.frame(_trial_row(history) for history in histories)


def epochs_frame(histories: Iterable[TrialHistory]) -> pd.DataFrame:
    """One row an epoch measured, in the order of trials; the columns are those of `EPOCHS`."""
    histories = tuple(histories)
    measured = {each.name for each in fields(EpochMeasured)}
    columns = {
        name: [value for history in histories for value in column(history.epochs, name)]
        for name in EPOCHS.names
        if name in measured
    }
    for name, more, less in (
        ("loss_gap", "evaluation_loss", "probe_loss"),
        ("accuracy_gap", "probe_accuracy", "evaluation_accuracy"),
    ):
        columns[name] = [a - b for a, b in zip(columns[more], columns[less], strict=True)]
    words = [_words(history.trial) for history in histories]
    for name in ("trial", "label", "layout", "role", "seed"):
        columns[name] = [
            each
            for own, history in zip(words, histories, strict=True)
            for each in (own[name],) * len(history.epochs)
        ]
    return EPOCHS.frame_of(columns)


def _words(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.id,
        "label": trial.label,
        "layout": trial.layout,
        "role": trial.role.value,
        "seed": trial.seed,
    }


def ranking_frame(ranking: Ranking) -> pd.DataFrame:
    """One row a label, the best first; the columns are those of `RANKING`."""
    between = {(each.a, each.b): each for each in ranking.relations}
    rows = []
    for rank, (layout, symbol) in enumerate(zip_longest(ranking.layouts, ranking.symbols), start=1):
        row = {**_flat(asdict(layout)), "rank": rank, "symbol": symbol and symbol.value}
        if symbol is not None:
            pair = layout.label, ranking.layouts[rank].label
            relation = between.get(pair) or between.get(pair[::-1])
            row |= _oriented(relation, first=layout.label) if relation else {}
        rows.append(row)
    return RANKING.frame(rows)


def _oriented(relation: Relation, *, first: str) -> dict[str, Any]:
    """Return the numbers of a relation as differences from `first`, named as in RANKING."""
    row = {each.name: getattr(relation, each.name) for each in EVIDENCE}
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
    """One row a pair of labels, the better estimate as `a`; columns as in `RELATIONS`."""
    rows = [
        {
            **asdict(each),
            "symbol": each.symbol.value,
            "new_images_low": each.new_images and each.new_images.low,
            "new_images_high": each.new_images and each.new_images.high,
        }
        for each in ranking.relations
    ]
    return RELATIONS.frame(rows)


def write_tables(folder: Path, *, histories: Sequence[TrialHistory], ranking: Ranking) -> None:
    """Write trials, epochs, ranking and relations as Parquet; a reader sees the old or the new.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame, table in (
        ("trials", trials_frame(histories), TRIALS),
        ("epochs", epochs_frame(histories), EPOCHS),
        ("ranking", ranking_frame(ranking), RANKING),
        ("relations", relations_frame(ranking), RELATIONS),
    ):
        # A table lost with the power is rebuilt.
        with replacing(folder / f"{name}.parquet") as beside:
            parquet.write_table(table.arrow(frame), beside)


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
        row |= asdict(gaps(last))
        row["lowest_probe_loss"] = deepest_loss(history)
        row["area_log_loss"] = area_log_loss(history)
    return row
