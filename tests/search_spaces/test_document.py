"""Strict YAML 1.2: what is read, and the one line for what is refused."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.language.document import (
    MAX_BYTES,
    MAX_VALUES,
    read_document,
    read_value,
)
from search_spaces.language.errors import DocumentError

NO_TOKEN = (
    "not YAML: while scanning for the next token found character '{}' that cannot start any token"
)
NO_END = "not YAML: while parsing a flow sequence expected ',' or ']', but got '<stream end>'"
REFUSED = [
    (b"a: 1\nb:\n  c: 1\n  c: 2\n", "f:4: b.c: given twice, first on line 3"),
    (b"a: 1\n'a': 2\n", "f:2: a: given twice, first on line 1"),
    (b"a: &x 1\n", "f:1: a: anchors (&name) are not part of this language"),
    (b"a: *x\n", "f:1: a: aliases (*name) are not part of this language"),
    (b"a: 1\nb: !!python/name:os.system x\n",
     "f:2: b: tags (tag:yaml.org,2002:python/name:os.system) are not part of this language"),
    (b"a: !!int '3'\n", "f:1: a: tags (tag:yaml.org,2002:int) are not part of this language"),
    (b"a: ! x\n", "f:1: a: tags (!) are not part of this language"),
    (b"%TAG !e! tag:example.com,2000:\n---\na: 1\n", "f:2: %TAG is not part of this language"),
    (b"%YAML 1.1\n---\na: on\n", "f:2: only YAML 1.2 is read: remove the %YAML line"),
    (b"---\na: 1\n---\nb: 2\n", "f:3: one file holds one document: remove this '---'"),
    (b"- a\n- b\n", "f:1: the file must hold keys and values, not a list"),
    (b"", "f:1: the file must hold keys and values, not null"),
    (b"# nothing\n", "f:1: the file must hold keys and values, not null"),
    (b"just words\n", "f:1: the file must hold keys and values, not 'just words'"),
    (b"a: .nan\n", "f:1: a: a number must be finite, not .nan"),
    (b"a: [1, -.inf]\n", "f:1: a.1: a number must be finite, not -.inf"),
    (b"a: 1e999\n", "f:1: a: a number must be finite, not 1e999"),
    (b"a: 9223372036854775808\n", "f:1: a: 9223372036854775808 does not fit in 64 bits"),
    (b"a: 1\n2: b\n", "f:2: a key must be text: write '2' in quotes"),
    (b"true: b\n", "f:1: a key must be text: write 'true' in quotes"),
    (b"~: b\n", "f:1: a key must be text: write '~' in quotes"),
    (b"? [a, b]\n: 1\n", "f:1: a key must be text, not a list or mapping"),
    (b"\xef\xbb\xbfa: 1\n", "f:1: begins with a byte order mark: save it as UTF-8 without one"),
    ("a: 1\n".encode("utf-16"),
     "f:1: begins with a byte order mark: save it as UTF-8 without one"),
    ("a: 1\n".encode("utf-16-le"), "f:1: holds a NUL byte: save it as UTF-8 text"),
    (b"a: 1\nb: \0\n", "f:2: holds a NUL byte: save it as UTF-8 text"),
    (b"a: 1\nb: \xff\n", "f:2: not UTF-8 text"),
    (b"a: 1\nb: \xed\xa0\x80\n", "f:2: not UTF-8 text"),  # a surrogate
    (b'a: "\\0"\n', "f:1: a: text must be one line of printable characters, not '\\x00'"),
    (b'a: "x\\e[2J"\n',
     "f:1: a: text must be one line of printable characters, not 'x\\x1b[2J'"),
    (b"a: |\n  x\n  y\n",
     "f:1: a: text must be one line of printable characters, not 'x\\ny\\n'"),
    (b"a: 1\nb: \x01\n",
     "f:2: not YAML: unacceptable character #x0001: special characters are not allowed"),
    (b"a: 1\n\tb: 2\n", f"f:2: {NO_TOKEN.format(chr(92) + 't')}"),
    (b"a: b: c\n", "f:1: not YAML: mapping values are not allowed here"),
    (b"a: [1, 2\n", f"f:2: {NO_END}"),
    (b"a: @b\n", f"f:1: {NO_TOKEN.format('@')}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), REFUSED)
def test_refused_in_one_line(text: bytes, line: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(text, "f")
    assert str(caught.value) == line


BOMB = b"a: [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: [%s]\n" % (98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(8)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: " + b"[" * 3000, "nested more than 50 deep"),
        (b"a: " + b"{a: " * 3000, "nested more than 50 deep"),
        (b"a: " + b"- " * 3000, "not YAML"),
        (b"- " * 3000, "nested more than 50 deep"),
        (b"a:\n" + b"- 1\n" * (MAX_VALUES + 1), f"holds more than {MAX_VALUES} values"),
        (b"#" * (MAX_BYTES + 1), f"larger than {MAX_BYTES} bytes"),
        (b"a: " + b"9" * 5000, "does not fit in 64 bits"),
        (b"a: 0x" + b"f" * 5000, "does not fit in 64 bits"),
        (b'a: "\\UFFFFFFFF"', "not YAML"),
        (b'a: "\\uD800"', "a: text must be one line of printable characters"),
        (BOMB, "aliases"),
        (b"x" * 5000 + b": 1\nb: ]", "not YAML"),
    ],
)
def test_hostile_files_are_refused_at_once(text: bytes, words: str) -> None:
    start = time.process_time()
    with pytest.raises(DocumentError) as caught:
        read_document(text, "f")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert time.process_time() - start < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("part", [b"y z ", b"\n", b"\\x41", b"y\n  "])
def test_the_largest_file_is_read_in_bounded_time(part: bytes) -> None:
    quote = b'"' if part.startswith(b"\\") else b""
    text = b"a: " + quote + part * ((MAX_BYTES - 5) // len(part)) + quote
    start = time.process_time()
    read_value(text, "f")
    assert time.process_time() - start < 3.0  # about 0.6 s on a machine of its own


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001),
        ("1.", 1.0),
        (".5", 0.5),
        ("-2.5E+2", -250.0),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("+3", 3),
        ("on", "on"),
        ("no", "no"),
        ("y", "y"),
        ("True", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("12:30:00", "12:30:00"),
        ("2001-12-14", "2001-12-14"),
        ("1_000", "1_000"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("150k", "150k"),
        ("nan", "nan"),
        ("-", [None]),
        ("=", "="),
        ("<<", "<<"),
        ("sqlite:///x", "sqlite:///x"),
        ("[1, a, [], {}]", [1, "a", [], {}]),
        ("{a, b: 1}", {"a": None, "b": 1}),
        (">-\n folded", "folded"),
        ("écran 日本", "écran 日本"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    read = read_value(written, "f").values
    assert read == value
    assert type(read) is type(value)


def test_lines_of_every_key_and_entry() -> None:
    document = read_document("a: 1\nb:\n  - x\n  -\n    c: 2\n'd.e': {f: 1,\n g: 2}\n", "f")
    expected = {
        (): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 5, ("b", 1, "c"): 5,
        ("d.e",): 6, ("d.e", "f"): 6, ("d.e", "g"): 7,
    }  # fmt: skip
    assert document.lines == expected
    assert document.line(("b", 1, "missing", "deep")) == 5
    assert document.line(("missing",)) == 1


def check(text: bytes | str) -> None:
    """Read `text` into a mapping, or see it refused in one line."""
    line = "f:1: fine"
    try:
        assert isinstance(read_document(text, "f").values, dict)
    except DocumentError as error:
        line = str(error)
    assert line.isprintable()
    assert line.startswith("f:")


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(st.characters(max_codepoint=0x2100), max_size=60)))
def test_any_input_is_a_document_or_one_line(text: bytes | str) -> None:
    check(text)


YAML_BITS = st.sampled_from(
    ["a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "?", "|", ">", "'", '"', "&x", "*x",
     "!!t ", "%", "---", "...", "#", "\t", "@", "`", "\\", "1", ".nan", "\r", "\u2028", "é"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(YAML_BITS, max_size=25).map("".join))
def test_any_mix_of_yaml_is_a_document_or_one_line(text: str) -> None:
    check(text)
