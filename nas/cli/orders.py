"""Printing answers: the ranking of a study, or the orders of a sweep against its key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from nas.ranking.result import Ranking
    from nas.reading.phase import PhasePoint
    from nas.reading.sweep import SweepOrders


def print_answer(answer: "Ranking | SweepOrders", output: str) -> None:
    """Print what came out of a study or a sweep."""
    from nas.cli.output import print_ranking
    from nas.ranking.result import Ranking

    if isinstance(answer, Ranking):  # a sweep's class comes with its figures
        print_ranking(answer, output)
    else:
        print_orders(answer.key, answer.points, output)


def print_orders(key: str, points: "Sequence[PhasePoint]", output: str) -> None:
    """Print a row a value: scores, l*, tau-b with the paper, and the order; below it the words."""
    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.cli.output import words_beside
    from nas.ranking.relations import ranking_json
    from nas.reading.phase import orders_frame

    if output == "json":
        print_json(
            [
                {
                    "value": point.member.value,
                    "study": str(point.member.folder),
                    "status": point.status,
                    "ranking": None if point.ranking is None else ranking_json(point.ranking),
                }
                for point in points
            ]
        )
        return
    frame = orders_frame(points)
    if output == "csv":
        print_frame(frame, output)
    else:
        print_frame(_shown(frame, key), output, literal=True)
        for values, sentence in _preliminary(points):
            click.echo(f"\nnote: {values}: {sentence}")
        for point in points:
            if point.ranking is not None:
                lines = words_beside(point.ranking)
                click.echo("\n".join((f"\n{key}={point.member.word}", *lines)))


def print_sizes(answer: "Ranking | SweepOrders", output: str) -> None:
    """Print a row a label, of a sweep and value: what the network costs, and its score."""
    from nas.cli.listing import print_frame
    from nas.reading.phase import sizes_frame
    from nas.reading.sweep import SweepOrders

    key = "value"
    if isinstance(answer, SweepOrders):
        key = answer.key
        frame = sizes_frame({p.member.word: p.ranking for p in answer.points if p.ranking})
    else:
        frame = sizes_frame({None: answer})
    if output == "table":
        for name in ("score", "low", "high"):
            frame[name] = (100 * frame[name]).map("{:.2f}".format, na_action="ignore")
        titles = {"value": key, "macs": "MACs", "score": "score %", "low": "low %"}
        frame = frame.rename(columns={**titles, "high": "high %"})
    print_frame(frame, output, literal=True)


def _preliminary(points: "Sequence[PhasePoint]") -> list[tuple[str, str]]:
    """Return why symbols are no certificate yet: each reason once, with its values."""
    about: dict[str, list[str]] = {}
    for point in points:
        if point.ranking is not None and point.ranking.preliminary:
            about.setdefault(point.ranking.preliminary, []).append(point.member.word)
    return [(", ".join(values), sentence) for sentence, values in about.items()]


def _shown(frame: "pd.DataFrame", key: str) -> "pd.DataFrame":
    """Return the frame as a terminal shows it: scores in percent, l* in nats."""
    shown = frame[["value"]].rename(columns={"value": key})
    for name in frame.columns[1:-3]:
        shown[f"{name} %"] = (100 * frame[name]).map("{:.2f}".format, na_action="ignore")
    shown["l*"] = frame["equal_loss"].map("{:.3f}".format, na_action="ignore")
    shown["tau"] = frame["tau"].map("{:+.2f}".format, na_action="ignore")
    shown["order"] = frame["order"].replace("", None)
    return shown
