"""Options that several commands have, and what they print without a table."""

import json

import click

from nas.spec.choices import Metric, Question

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


def print_json(values: object) -> None:
    """Print plain values as JSON."""
    click.echo(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False))
