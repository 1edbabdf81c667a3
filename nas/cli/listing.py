"""Printing: listings as table, JSON or CSV on stdout. It knows no ranking, so it starts fast."""

import json
from typing import Any

import click
import pandas as pd
from rich.table import Table

from nas.cli.console import console
from nas.cli.fitting import fitted
from nas.cli.formats import print_json
from nas.cli.terminal import clean
from nas.tables.csv_text import to_csv

MOST_ROWS = 200  # that are printed as a table
_SHARES = ("false_kills_low", "false_kills_high", "epochs_share", "regret")
_REPLAYED = ("found", "false_kill", "layout_kill")
_PERCENT = {
    *("probability", "runner_up_probability"),
    *("evaluation_accuracy", "parameters_off", "macs_off", *_SHARES),
    *(f"{name}{end}" for name in _REPLAYED for end in ("", "_low", "_high")),
}
_DECIMALS = {
    "probe_loss": 3,
    "evaluation_loss": 3,
    "seconds": 0,
    "rung_tau": 2,
    "rung_tau_low": 2,
    "rung_tau_high": 2,
    "milliseconds": 3,
    "milliseconds_low": 3,
    "milliseconds_high": 3,
    "images_per_second": 1,
}


def print_frame(
    frame: pd.DataFrame, output: str, *, literal: bool = False, newest: bool = False
) -> None:
    """Print a listing; JSON is a list of objects, fractions stay fractions but in the table.

    Of a long table the first rows are shown, or the last (`newest`), and how many there are.
    Its titles are the columns' names with spaces and units, or the names as they are (`literal`).
    """
    if output == "json":
        print_json(json.loads(frame.to_json(orient="records")))
    elif output == "csv":
        click.echo(to_csv(frame), nl=False)
    else:
        shown = frame.dropna(axis="columns", how="all")
        if len(shown) > MOST_ROWS:
            which = "last" if newest else "first"
            click.echo(f"the {which} {MOST_ROWS} of {len(shown):,} rows; -o csv lists them all\n")
            shown = shown.tail(MOST_ROWS) if newest else shown.head(MOST_ROWS)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in shown.columns:
            numeric = pd.api.types.is_numeric_dtype(shown[name])
            title = name if literal else _title(name)
            table.add_column(title, justify="right" if numeric else "left")
        for row in shown.itertuples(index=False):
            table.add_row(*(_cell(n, v) for n, v in zip(shown.columns, row, strict=True)))
        print_table(table)


def print_table(table: Table) -> None:
    """Print a table with the columns that the terminal has room for, or all where there is none."""
    shown = console()
    if not shown.is_terminal:
        shown.print(table, soft_wrap=True)
        return
    fits, left_out = fitted(table, shown)
    shown.print(fits)
    if left_out:
        shown.print(f"in a wider terminal, and by -o csv: {', '.join(left_out)}", style="dim")


def _title(name: str) -> str:
    return f"{name.replace('_', ' ')} %" if name in _PERCENT else name.replace("_", " ")


def _cell(name: str, value: Any) -> str:
    if value is None or pd.isna(value):
        return "-"
    if name in _PERCENT:
        return f"{100 * value:.2f}"
    if name in _DECIMALS:
        return f"{value:.{_DECIMALS[name]}f}"
    return f"{value:,}" if isinstance(value, int) else clean(str(value))
