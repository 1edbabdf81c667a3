"""Printing: frames and rankings as table, JSON or CSV on stdout."""

import json
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from nas.listings import study_status
from nas.ranking.relations import ranking_json
from nas.ranking.result import LayoutScore, Ranking, Relation
from nas.state import StudyState
from nas.study import Study
from nas.views import ranking_frame, to_csv

_PERCENT = {"evaluation_accuracy", "parameters_off", "macs_off"}
_DECIMALS = {"train_loss": 3, "evaluation_loss": 3, "seconds": 0}


def print_frame(frame: pd.DataFrame, output: str) -> None:
    """Print a listing; JSON is a list of objects, fractions stay fractions but in the table."""
    if output == "json":
        print_json(json.loads(frame.to_json(orient="records")))
    elif output == "csv":
        click.echo(to_csv(frame), nl=False)
    else:
        shown = frame.dropna(axis="columns", how="all")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in shown.columns:
            numeric = pd.api.types.is_numeric_dtype(shown[name])
            table.add_column(_title(name), justify="right" if numeric else "left")
        for row in shown.itertuples(index=False):
            table.add_row(*(_cell(n, v) for n, v in zip(shown.columns, row, strict=True)))
        _print(table)


def print_status_line(study: Study, state: StudyState) -> None:
    """Print one line above the trials of a study."""
    status = study_status(study, state.histories(), ended=state.ended)
    hint = f"; `nas resume {study.folder}` goes on" if status == "interrupted" else ""
    click.echo(f"{study.spec.name}: {status}{hint}\n")


def print_ranking(ranking: Ranking, output: str) -> None:
    """Print the ranking; the table ends with the order as one line."""
    if output == "json":
        print_json(ranking_json(ranking))
        return
    if output == "csv":
        click.echo(to_csv(ranking_frame(ranking)), nl=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layout")
    for name in ("score %", "interval", "accuracy %", "gap", "seeds", "parameters", "MMACs"):
        table.add_column(name, justify="right")
    for layout in ranking.layouts:
        table.add_row(*_layout_cells(layout))
    _print(table)
    click.echo(f"\nby {ranking.metric.value}{_level(ranking)}; pairwise, in points:")
    for relation in ranking.relations:
        click.echo(f"  {_relation_line(relation)}")
    for note in ranking.notes:
        click.echo(f"note: {note}")
    click.echo(f"\n{ranking.order or 'no ranking: no trial has finished'}")


def _layout_cells(layout: LayoutScore) -> list[str]:
    lost = layout.diverged.count + layout.failed
    return [
        layout.layout,
        f"{100 * layout.score:.2f}",
        _interval(layout.low, layout.high),
        f"{100 * layout.accuracy:.2f}",
        f"{100 * layout.accuracy_gap:+.2f}",
        f"{layout.seeds}" + (f" ({lost} lost)" if lost else ""),
        f"{layout.parameters:,}",
        f"{layout.macs / 1e6:.2f}",
    ]


def _relation_line(relation: Relation) -> str:
    count = relation.more_seeds
    more = f", about {count} more seed{'s'[: count > 1]} needed" if count else ""
    return (
        f"{relation.a} {relation.symbol.value} {relation.b}: {100 * relation.difference:+.2f} "
        f"{_interval(relation.low, relation.high)} over {relation.pairs} paired "
        f"seed{'s'[: relation.pairs != 1]}{more}"
    )


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"[{100 * low:.2f}, {100 * high:.2f}]"


def _level(ranking: Ranking) -> str:
    if ranking.equal_loss is None:
        return " at the end"
    return f": evaluation accuracy at training loss {ranking.equal_loss:.3f}"


def _title(name: str) -> str:
    return f"{name.replace('_', ' ')} %" if name in _PERCENT else name.replace("_", " ")


def _cell(name: str, value: Any) -> str:
    if value is None or pd.isna(value):
        return "-"
    if name in _PERCENT:
        return f"{100 * value:.2f}"
    if name in _DECIMALS:
        return f"{value:.{_DECIMALS[name]}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_json(values: object) -> None:
    """Print plain values as JSON."""
    click.echo(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False))


def _print(table: Table) -> None:
    # Piped output is never cut to the width of a terminal that is not there.
    console = Console()
    (console if console.is_terminal else Console(width=1000, highlight=False)).print(
        table, soft_wrap=not console.is_terminal
    )
