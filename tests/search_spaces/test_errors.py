"""Every message is one line, whatever a user wrote."""

import pytest

from search_spaces.language.errors import DocumentError, SpaceError, did_you_mean, one_line, shown


@pytest.mark.parametrize("bad", ["\n", "\r", "\x1b[31m", "\u2028", "\u202e", "\0", "\x85"])
def test_nothing_that_moves_the_cursor_is_shown(bad: str) -> None:
    text = f"a{bad}b"
    for line in (one_line(text), shown(text), str(SpaceError((text,), text))):
        assert line.isprintable()
    assert str(DocumentError(text, 1, key=text, message=text)).isprintable()


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 10_000)) < 70
    assert len(str(SpaceError(("k" * 10_000,), "wrong"))) < 80


def test_place_is_left_out_where_unknown() -> None:
    assert str(DocumentError("command line", None, key="a.b", message="no")) == (
        "command line: a.b: no"
    )
    assert str(DocumentError("f", 3, key="", message="no")) == "f:3: no"
    assert str(SpaceError((), "no")) == "no"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        ([1], "a list"),
        ({}, "a mapping"),
        ("x", "'x'"),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_as_in_yaml(value: object, written: str) -> None:
    assert shown(value) == written


def test_nearest_word_else_all_words() -> None:
    assert did_you_mean("depht", ["depth", "width"]) == ", did you mean 'depth'?"
    assert did_you_mean("zzz", ["depth", "width"]) == "; known here: depth, width"
