"""`nas pareto`: which candidates nothing is both cheaper and better than, and how sure that is."""

import textwrap
from typing import TYPE_CHECKING

import click

from nas.cli.formats import format_option, metric_option
from nas.spec.choices import Metric, Price

if TYPE_CHECKING:
    import pandas as pd

    from nas.ranking.hypervolume import Growth
    from nas.ranking.pareto import Front, Placed

_COLUMNS = 80
_ROWS = 40  # of a table; of more candidates those on the front are shown
_LABELS = 2  # of those that dominate one, in a table


@click.command()
@click.argument("study")
@click.option(
    "--against",
    "prices",
    multiple=True,
    type=click.Choice([price.value for price in Price]),
    help="What is to be small; may be given several times. Default: the costs that "
    "search.objectives names, else macs.",
)
@metric_option
@click.option(
    "--explored",
    is_flag=True,
    help="All candidates by point estimates, though the best of them were ranked.",
)
@format_option
def pareto(
    study: str, prices: tuple[str, ...], metric: str | None, explored: bool, output: str
) -> None:
    """Show the front of STUDY: candidates that nothing is both cheaper and better than.

    What is certain of each follows from the claims of the ranking (docs/pareto.md).
    """
    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.ranking.costs import priced_goals
    from nas.reading.pareto import only_front, sizes_differ, study_growth
    from nas.reading.target import open_target
    from nas.tables.pareto import front_json, pareto_frame

    one = open_target(study).only_study("pareto")
    goals = priced_goals(one.study.spec.search.objectives)
    named = [goal.price for goal in goals if goal.sign < 0]
    asked = [Price(price) for price in dict.fromkeys(prices)] or named or [Price.MACS]
    histories = one.histories
    ranking = one.rank(None if metric is None else Metric(metric))
    front = only_front(one.study, histories, ranking, prices=asked, exploration=explored)
    if output == "csv":
        print_frame(pareto_frame(front), output)
        return
    growth = study_growth(one.study, histories, ranking, price=asked[0])
    if output == "json":
        print_json(front_json(front, growth))
        return
    _print_wrapped(front.sentence)
    click.echo()
    shown = front.candidates if len(front.candidates) <= _ROWS else front.on_front
    print_frame(_table(front, shown), output, literal=True)
    click.echo()
    _print_notes(front, shown, growth)
    _print_next(study, front, apart=sizes_differ(ranking))


def _table(front: "Front", shown: "tuple[Placed, ...]") -> "pd.DataFrame":
    """Return the candidates as a terminal shows them: scores in percent, costs in three digits."""
    import pandas as pd

    from nas.report.figures.cost import short

    rows = []
    for each in shown:
        interval = "-"
        if each.low is not None and each.high is not None:
            interval = f"[{100 * each.low:.2f}, {100 * each.high:.2f}]"
        row = {"label": each.label, "score %": f"{100 * each.score:.2f}", "interval": interval}
        row |= {"seeds": str(each.seeds)}
        row |= {price.value.replace("_", " "): short(value) for price, value in each.costs.items()}
        row["front"] = "yes" if each.on_front else "-"
        if each.share is not None:
            row["front"] += f" {each.share:.0%}"
        if each.standing is not None:
            others = len(each.dominated_by) - _LABELS
            by = ", ".join(each.dominated_by[:_LABELS]) + (f" +{others}" if others > 0 else "")
            row |= {"certain": f"below {by}" if by else each.standing.value}
        rows.append(row)
    return pd.DataFrame(rows)


def _print_notes(front: "Front", shown: "tuple[Placed, ...]", growth: "Growth | None") -> None:
    notes = [*([front.preliminary] if front.preliminary else []), *front.notes]
    if any(each.share is not None for each in shown):
        notes.append("percents beside front: of resamples over seeds that have it there")
    if len(shown) < len(front.candidates):
        notes.append(f"only the front is shown; -o csv has all {len(front.candidates):,}")
    for note in notes:
        _print_wrapped(f"note: {note}")
    if growth is not None:
        from nas.report.figures.cost import short

        last = growth.finishes[-1]
        _print_wrapped(
            f"hypervolume: {growth.values[-1]:.4f} of what finished, against score 0 and "
            f"{growth.price.value} {short(growth.reference)}, after {last.trials:,} trials and "
            f"{last.epochs:,} epochs"
        )


def _print_wrapped(text: str) -> None:
    for line in textwrap.wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False):
        click.echo(line)


def _print_next(study: str, front: "Front", *, apart: bool) -> None:
    """Print the command that is worth running next, with what it buys."""
    from nas.ranking.metrics import METRICS
    from nas.ranking.pareto import Standing

    click.echo()
    open_ = any(each.standing is Standing.OPEN for each in front.candidates)
    if open_ and apart and METRICS[front.metric].equal_sizes:
        click.echo(f"nas pareto {study} --metric {Metric.ACCURACY.value}")
        click.echo(f"{front.metric.value} compares equal sizes alone; accuracy compares any")
    elif open_ or not front.claimed:
        click.echo(f"nas rank {study}")
        click.echo("says what to run next to settle what is open")
    else:
        click.echo(f"nas report {study}")
        click.echo("draws it")
