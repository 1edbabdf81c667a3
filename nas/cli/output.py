"""Printing: a ranking as table, JSON or CSV on stdout."""

import re
import textwrap
from collections.abc import Iterable

import click
from rich.table import Table

from nas.cli.formats import print_json
from nas.cli.listing import print_table
from nas.ranking.answer import also
from nas.ranking.metrics import METRICS
from nas.ranking.relations import ranking_json
from nas.ranking.result import (
    NOT_ASKED,
    WITHHELD,
    Group,
    LayoutScore,
    Ranking,
    Rate,
    Relation,
    Symbol,
)
from nas.ranking.scope import scope
from nas.tables.csv_text import to_csv
from nas.tables.frames import ranking_frame

_COLUMNS = 80
_MOST_PAIRS = 45  # printed a line each: ten layouts
_SYMBOL = re.compile(f" ([{''.join(Symbol)}]) ")


def print_ranking(ranking: Ranking, output: str) -> None:
    """Print the ranking; the table ends with the order as one line and what it means in words."""
    if output == "json":
        print_json(ranking_json(ranking))
        return
    if output == "csv":
        click.echo(to_csv(ranking_frame(ranking)), nl=False)
        return
    if ranking.groups:
        print_table(_group_table(ranking.groups))
        click.echo()
    print_table(_layout_table(ranking.layouts))
    click.echo(f"\nby {_basis(ranking)}; {_looks(ranking)}; pairwise, in points:")
    for line in _evidence(ranking):
        click.echo(line)
    click.echo(f"\n{ranking.answer}")
    for line in words_beside(ranking):
        click.echo(line)


def words_beside(ranking: Ranking) -> list[str]:
    """Return the claims that the order hides, the sentence, and what claims are about, as lines."""
    if not ranking.layouts:
        return []  # the order says so itself
    words = (also(ranking), ranking.sentence, scope(ranking))
    return [line for each in words for line in _wrapped(each)]


def _wrapped(text: str) -> list[str]:
    """Return the text in lines of 80 columns where words allow it; no symbol ends a line."""
    glued = _SYMBOL.sub("\0\\1\0", text)
    lines = textwrap.wrap(glued, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _layout_table(layouts: Iterable[LayoutScore]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("label")
    for name in ("score %", "interval", "eval accuracy %", "probe loss", "accuracy gap"):
        table.add_column(name, justify="right")
    for name in ("log-loss area", "seeds", "diverged", "collapsed", "failed"):
        table.add_column(name, justify="right")
    for name in ("parameters", "MMACs"):
        table.add_column(name, justify="right")
    for layout in layouts:
        table.add_row(*_layout_cells(layout))
    return table


def _group_table(groups: Iterable[Group]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("explored layout")
    for name in ("candidates", "finished", "stopped", "best %", "median %", "middle half"):
        table.add_column(name, justify="right")
    table.add_column("best candidate")
    for group in groups:
        table.add_row(
            group.layout,
            f"{group.candidates:,}",
            f"{group.finished:,}",
            f"{group.stopped:,}",
            f"{100 * group.score:.2f}",
            f"{100 * group.median:.2f}",
            _interval(group.low, group.high),
            group.best,
        )
    return table


def _pair_lines(ranking: Ranking) -> list[str]:
    """Return a line a pair; of many pairs those that are decided, and how many are not."""
    relations = [each for each in ranking.relations if each.withheld != NOT_ASKED]
    if len(relations) <= _MOST_PAIRS:
        return [f"  {_relation_line(relation)}" for relation in relations]
    decided = [each for each in relations if each.symbol is not Symbol.UNDECIDED]
    withheld = sum(bool(each.withheld) for each in relations)
    open_ = len(relations) - len(decided) - withheld
    lines = [f"  {_relation_line(relation)}" for relation in decided[:_MOST_PAIRS]]
    more = len(decided) - len(lines)
    counts = ((more, "decided as well"), (open_, "not decided"), (withheld, "not compared"))
    words = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return [*lines, f"  of {len(relations):,} pairs {words}; -o json lists them all"]


def _evidence(ranking: Ranking) -> list[str]:
    """Return what stands behind the order, a line each."""
    lines = _pair_lines(ranking)
    if ranking.agreement is not None:
        claimed = sum(relation.symbol is not Symbol.UNDECIDED for relation in ranking.relations)
        lines.append(
            f"the paper's order: {ranking.agreement.paper}; Kendall's tau-b with it "
            f"{ranking.agreement.tau:+.2f} ({claimed} of {len(ranking.relations)} pairs claimed)"
        )
    if ranking.preliminary:
        lines.append(f"note: {ranking.preliminary}")
    lines += [f"note: {note}" for note in ranking.notes]
    if WITHHELD in ranking.marks:
        lines.append(f"note: {WITHHELD} joins neighbours that are not compared, as said above")
    return lines


def _layout_cells(layout: LayoutScore) -> list[str]:
    return [
        layout.label,
        f"{100 * layout.score:.2f}",
        _interval(layout.low, layout.high),
        f"{100 * layout.evaluation_accuracy:.2f}",
        f"{layout.probe_loss:.4f}",
        f"{100 * layout.accuracy_gap:+.2f}",
        f"{layout.area_log_loss:+.2f}",
        f"{layout.seeds}",
        _rate(layout.diverged),
        _rate(layout.collapsed),
        f"{layout.failed}",
        f"{layout.parameters:,}",
        _macs(layout),
    ]


def _macs(layout: LayoutScore) -> str:
    tuned = f"{layout.macs / 1e6:.2f}"
    if layout.trained_macs is None:
        return tuned
    return f"{tuned} (trained {layout.trained_macs / 1e6:.2f})"


def _rate(rate: Rate) -> str:
    """Return 0/6, or with something to count 1/6 [0, 64]: its interval in percent."""
    interval = f" [{100 * rate.low:.0f}, {100 * rate.high:.0f}]" if rate.count else ""
    return f"{rate.count}/{rate.of}{interval}"


def _relation_line(relation: Relation) -> str:
    mark = WITHHELD if relation.withheld else relation.symbol.value
    line = f"{relation.a} {mark} {relation.b}: {100 * relation.difference:+.2f}"
    if relation.interval:
        line += f" {relation.interval}"
    line += f" over {relation.paired_seeds} paired seed{'s'[: relation.paired_seeds != 1]}"
    if relation.deviation is not None:
        line += f", sd {100 * relation.deviation:.2f}"
    if relation.skewness is not None:
        line += f", skewness {relation.skewness:+.1f}"
    if relation.more_seeds:
        count = relation.more_seeds
        line += f", about {count} more seed{'s'[: count > 1]} needed"
    return line + (f"; not compared: {relation.withheld}" if relation.withheld else "")


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"[{100 * low:.2f}, {100 * high:.2f}]"


def _basis(ranking: Ranking) -> str:
    return f"{ranking.metric.value}: {METRICS[ranking.metric].basis(ranking.equal_loss)}"


def _looks(ranking: Ranking) -> str:
    first, last = ranking.looks
    if last < 2:
        return "one seed makes no claim"
    when = f"{first} seeds" if first == last else f"any number of seeds from {first} to {last}"
    spec = ranking.spec
    return f"claims hold at {when}, alpha {spec.alpha:.3g}, {spec.correction.value}"
