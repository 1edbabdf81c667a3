"""Tables keep their colours on a terminal, and what stands in them is text."""

import io

from rich.table import Table

from nas.cli.console import CleanConsole


def test_styles_are_obeyed_and_the_text_is_not():
    stream = io.StringIO()
    table = Table(header_style="bold")
    table.add_column("trial")
    table.add_row("a\x1b[2Jb\x07")
    CleanConsole(file=stream, force_terminal=True, width=40, color_system="standard").print(table)
    shown = stream.getvalue()
    assert "\x1b[1m" in shown
    assert "a\\x1b" in shown
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


def test_its_own_cursor_moves_are_kept():
    stream = io.StringIO()
    console = CleanConsole(file=stream, force_terminal=True, width=40)
    console.show_cursor(False)
    assert stream.getvalue() == "\x1b[?25l"
