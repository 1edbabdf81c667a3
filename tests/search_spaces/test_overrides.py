"""key.path=value: what it changes, and what it cannot."""

import pytest

from search_spaces.language.document import Document, read_document
from search_spaces.language.errors import DocumentError
from search_spaces.language.overrides import override

TEXT = "a: 1\nb:\n  c: [1, 2]\n  v1.0: {d: 3}\ne:\nf: [{g: 1}]\n"


@pytest.fixture
def document() -> Document:
    return read_document(TEXT, "f")


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a=2", ("a",), 2),
        ("a=1e-3", ("a",), 0.001),
        ("a='2'", ("a",), "2"),
        ("a=", ("a",), None),
        ("a=x=y", ("a",), "x=y"),
        ("a={b: [1, {c: d}]}", ("a",), {"b": [1, {"c": "d"}]}),
        ("b.c=[3]", ("b", "c"), [3]),
        ("b.c.1=5", ("b", "c", 1), 5),
        ("b.v1.0.d=4", ("b", "v1.0", "d"), 4),
        ("b.v1.0=4", ("b", "v1.0"), 4),
        ("b.new.deep=4", ("b", "new", "deep"), 4),
        ("e.x=4", ("e", "x"), 4),
        ("new.x=sqlite:///a.db", ("new", "x"), "sqlite:///a.db"),
        ("f.0.g=2", ("f", 0, "g"), 2),
        (" a =2", ("a",), 2),
    ],
)
def test_sets_one_value(document: Document, text: str, path: tuple, value: object) -> None:
    changed = override(document, [text])
    here = changed.values
    for key in path:
        here = here[key]
    assert here == value
    assert changed.line(path) is None
    assert document.values == read_document(TEXT, "f").values  # the original is untouched


def test_later_overrides_win_and_other_lines_stay(document: Document) -> None:
    changed = override(document, ["b.c.0=7", "b.c.0=8", "b.c.1=9"])
    assert changed.values["b"]["c"] == [8, 9]
    assert changed.line(("b", "c")) == 3
    assert changed.line(("a",)) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "command line: an override is written key.path=value, not ''"),
        ("a", "command line: an override is written key.path=value, not 'a'"),
        ("=1", "command line: an override is written key.path=value, not '=1'"),
        ("a..b=1", "command line: 'a..b' is not a key path such as training.epochs"),
        (".a=1", "command line: '.a' is not a key path such as training.epochs"),
        ("a\n=1\nb", None),
        ("a\x1b[0m=1", "command line: 'a\\x1b[0m' is not a key path such as training.epochs"),
        ("x." * 60 + "x=1", None),
        ("a.b=1", "command line: a.b: a is 1, which has no keys"),
        ("b.c.d=1", "command line: b.c.d: b.c is a list: name an entry by its number, from 0"),
        ("b.c.-1=1", "command line: b.c.-1: b.c is a list: name an entry by its number, from 0"),
        ("b.c.2=1", "command line: b.c.2: b.c has 2 entries, from 0 to 1"),
        ("b.c." + "9" * 5000 + "=1", None),
        ("a=[", None),
        ("a=&x 1", "command line: a: anchors (&name) are not part of this language"),
        ("a=.nan", "command line: a: a number must be finite, not .nan"),
        ("a={b: 1, b: 2}", "command line: a: given twice, first on line 1"),
    ],
)
def test_refused_in_one_line(document: Document, text: str, line: str | None) -> None:
    if text.startswith("a\n"):
        assert override(document, [text]).values["a"] == "1 b"  # folded, as in a file
        return
    with pytest.raises(DocumentError) as caught:
        override(document, [text])
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("command line: ")
    assert line is None or str(caught.value) == line
