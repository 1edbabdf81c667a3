"""At any width names and numbers are whole, and what has no room is named."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from nas.cli import fitting, output
from nas.cli.fitting import ALWAYS, fitted
from tests.nas.rankings import ranking

WIDTHS = (40, 60, 80, 100, 133, 200)


def printed(table: Table, width: int) -> tuple[str, list[str]]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None)
    shown, left_out = fitted(table, console)
    console.print(shown)
    return stream.getvalue(), left_out


@pytest.mark.parametrize("width", WIDTHS)
def test_a_ranking_has_layout_score_interval_and_seeds_whole(width):
    found = ranking("C-C-C-C > C-C-C-T ? C-C-T-T")
    text, left_out = printed(output._layout_table(found.layouts), width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for layout in found.layouts:
        [line] = [line for line in text.splitlines() if line.startswith(layout.label)]
        assert f"{100 * layout.score:.2f}" in line
        assert f" {layout.seeds} " in f"{line} "
    assert not {"label", "score %", "interval", "seeds"} & set(left_out)
    for title in left_out:
        assert title not in " ".join(text.split())
    assert (left_out == []) is (width >= 133)


def table_of(titles: list[str], *rows: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title)
    for row in rows:
        table.add_row(*row)
    return table


def test_what_is_asked_for_least_goes_first():
    titles = ["trial", "status", "attempts", "probe loss", "seconds", "number"]
    table = table_of(titles, tuple(f"{title}-value" for title in titles))
    gone = []
    for width in range(90, 20, -1):
        _, left_out = printed(table, width)
        gone += [title for title in left_out if title not in gone]
    assert gone == ["attempts", "seconds", "number", "probe loss"]


def test_the_first_column_stays_whatever_it_is_called():
    table = table_of(["data.train", "x"], ("5000", "y" * 50))
    text, left_out = printed(table, 20)
    assert left_out == ["x"]
    assert "5000" in text


def test_ids_are_never_cut_and_sentences_take_lines():
    message = "the loss is not a number since step 70 of the third epoch"
    table = table_of(["trial", "status", "message"], ("0001-C-C-C-C-s0", "diverged", message))
    text, left_out = printed(table, 50)
    assert left_out == []
    assert "0001-C-C-C-C-s0" in text
    assert len(text.splitlines()) > 2
    assert "".join(message.split()) in "".join(line[27:] for line in text.splitlines()[1:]).replace(
        " ", ""
    )


def test_what_always_stays_is_not_among_what_goes_first():
    assert not ALWAYS & set(fitting.FIRST)
    assert len(set(fitting.FIRST)) == len(fitting.FIRST)
