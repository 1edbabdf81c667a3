"""Options that several commands have, and what they print without a table."""

import json
from pathlib import Path
from typing import Any

import click

from nas.spec.choices import Metric, Question
from nas.spec.paths import local_path

format_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print.",
)
metric_option = click.option(
    "--metric",
    type=click.Choice([metric.value for metric in Metric]),
    help="What trials are scored by; else as the spec says.",
)
question_option = click.option(
    "--question",
    type=click.Choice([question.value for question in Question]),
    help="What is asked; else as the spec says.",
)


class LocalPath(click.Path):
    """A path on this machine, with `~` for the home; a URI is refused."""

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path.

        Raises:
            SpecError: it is none of this machine.
        """
        key = "" if param is None else (param.metavar or param.opts[0])
        path = local_path(value, key=key)
        super().convert(path, param, ctx)  # refuses what is a folder where a file is meant
        return path


def print_json(values: object) -> None:
    """Print plain values as JSON."""
    click.echo(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False))


def counted(number: int, what: str) -> str:
    """Return a number and what it counts: 1 trial, 2 trials, 1,000 trials."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
