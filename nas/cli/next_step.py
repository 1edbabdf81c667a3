"""Printing what to do next after an answer: a command that adds what it lacks."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nas.ranking.result import Ranking
    from nas.study.folder import Study
    from nas.study.records import TrialHistory

COLUMNS = 80


def print_next(
    study: "Study",
    histories: "Sequence[TrialHistory]",
    ranking: "Ranking",
    *,
    budget_ended: str = "",
) -> None:
    """Print the command that is worth running next, with what it buys; nothing where none is.

    A study that its budget ended wants a larger one before anything else: `budget_ended` says it.
    """
    from nas.reading.extension import next_step

    if budget_ended:
        click.echo(f"\n{budget_ended}")
        return
    command, *words = next_step(study, histories, ranking) or [""]
    if command:  # which stays one line, to be pasted
        shown = [line for each in words for line in textwrap.wrap(each, COLUMNS)]
        click.echo("\n".join(["", command, *shown]))
