"""Printing what to do next after an answer: a command that adds what it lacks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nas.ranking.result import Ranking
    from nas.study.folder import Study
    from nas.study.records import TrialHistory


def print_next(study: "Study", histories: "Sequence[TrialHistory]", ranking: "Ranking") -> None:
    """Print the command that is worth running next, with what it buys; nothing where none is."""
    from nas.reading.extension import next_step

    lines = next_step(study, histories, ranking)
    if lines:
        click.echo("\n" + "\n".join(lines))
