"""A table on a terminal that is too narrow for it: whole names and numbers, fewer columns."""

from collections.abc import Collection

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

# What a row is about, and what came of it: never left out.
ALWAYS = frozenset(
    {
        *("label", "trial", "study", "file", "layout", "explored layout", "value", "name", "rank"),
        *("score %", "interval", "seeds", "status", "evaluation accuracy %", "order", "message"),
        *("predicted", "probability %", "unreadable", "note", "best %", "milliseconds", "on front"),
    }
)
# Left out first, in this order; then what is rightmost.
FIRST = (
    *("attempts", "created", "seconds", "epochs planned", "evaluation loss"),
    *("log-loss area", "failed", "collapsed", "diverged", "parameters", "accuracy gap"),
    *("eval accuracy %", "runner up probability %", "milliseconds low", "milliseconds high"),
)
# Sentences, which may take several lines of their column.
_WORDS = frozenset({"message", "note", "unreadable", "order", "best candidate", "deviations"})


def fitted(table: Table, on: Console, *, always: Collection[str] = ALWAYS) -> tuple[Table, list]:
    """Return the table with as many columns as fit whole, and the titles of the others.

    Where those that stay do not fit either they take several lines; nothing is cut.
    """
    titles = [str(column.header) for column in table.columns]
    left_out: list[str] = []
    said = {str(column.header) for column in table.columns if any(_says(c) for c in column.cells)}
    while True:
        shown = _of(table, [title in said and title not in left_out for title in titles])
        room = on.options.update(width=10_000)
        if Measurement.get(on, room, shown).maximum <= on.width:
            break
        loose = [title for title in titles if title in said and title not in (*always, *left_out)]
        # The first column names the row, whatever it is called.
        loose = [title for title in loose if title != titles[0]]
        if not loose:
            break
        left_out.append(next((title for title in FIRST if title in loose), loose[-1]))
    return shown, [title for title in titles if title in left_out]


def _says(cell: object) -> bool:
    """Tell whether a cell holds anything: a column of which none does is not worth its room."""
    return str(cell) not in ("", "-")


def _of(table: Table, kept: list[bool]) -> Table:
    """Return a table of the columns that are kept."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    columns = [column for column, stays in zip(table.columns, kept, strict=True) if stays]
    for column in columns:
        title = str(column.header)
        made.add_column(
            title, justify=column.justify, overflow="fold", min_width=_least(title, column.cells)
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*row)
    return made


def _least(title: str, cells: object) -> int | None:
    """Return the width below which a column is not made: that of its longest cell but for words."""
    if title in _WORDS or not isinstance(cells, Collection):
        return None
    return max((len(str(cell)) for cell in cells), default=0) or None
