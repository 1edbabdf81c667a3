"""Strict YAML 1.2: plain values with the line of each key, and one error line for anything else.

ruamel.yaml scans and parses; the values are built here from its events, so that nothing is ever
constructed from a tag, expanded from an alias or visited by recursion.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from search_spaces.language.errors import DocumentError, KeyPath, dotted, one_line, shown

MAX_BYTES = 256_000  # a long spec has 5,000; with MAX_VALUES, no file takes a second to refuse
MAX_DEPTH = 50
MAX_VALUES = 10_000
_LARGEST_INTEGER = 2**63 - 1  # what JSON readers, Parquet and torch agree on

# The core schema of YAML 1.2 (section 10.3.2): `on` and `12:30` are text, `1e-3` is a number.
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGERS = (
    (re.compile(r"[-+]?[0-9]+"), 10),
    (re.compile(r"0o[0-7]+"), 8),
    (re.compile(r"0x[0-9a-fA-F]+"), 16),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file's values, and where each was written."""

    file: str
    values: Any  # of read_document: a dict
    lines: Mapping[KeyPath, int | None]  # None: not in a file, but on the command line

    def line(self, path: KeyPath) -> int | None:
        """Return the line of `path`, or of the nearest key above it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: bytes | str, file: str) -> Document:
    """Read a file that holds one mapping.

    Raises:
        DocumentError: it is anything else; the message is one line with file, line and key.
    """
    document = read_value(text, file)
    if not isinstance(document.values, dict):
        raise DocumentError(
            file,
            document.line(()),
            key="",
            message=f"the file must hold keys and values, not {shown(document.values)}",
        )
    return document


def read_value(text: bytes | str, file: str) -> Document:
    """Read one YAML value of any kind, as in ``key=value`` on a command line.

    Raises:
        DocumentError: it is not YAML, or uses what this language leaves out.
    """
    builder = _Builder(file=file)
    decoded = _decoded(text, file)
    try:
        for event in YAML(typ="safe", pure=True).parse(decoded):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise DocumentError(
            file, mark.line + 1 if mark else 1, key="", message=f"not YAML: {one_line(problem)}"
        ) from error
    except (YAMLError, ValueError, OverflowError, IndexError, AttributeError) as error:
        # The scanner itself trips over some malformed input, such as "\UFFFFFFFF".
        if isinstance(error, DocumentError):
            raise
        message = f"not YAML: {str(error).splitlines()[0]}"
        line = builder.line
        if isinstance(error, ReaderError):
            line = decoded.count("\n", 0, error.position) + 1
        raise DocumentError(file, line, key="", message=message) from error
    return Document(file=file, values=builder.root, lines=builder.lines)


def _decoded(text: bytes | str, file: str) -> str:
    """Return the text, refused before any parser sees it if it is large or not plain UTF-8."""

    def refuse(line: int, message: str) -> NoReturn:
        raise DocumentError(file, line, key="", message=message)

    data = text.encode("utf-8", errors="surrogatepass") if isinstance(text, str) else text
    if len(data) > MAX_BYTES:
        refuse(1, f"larger than {MAX_BYTES} bytes")
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        refuse(1, "begins with a byte order mark: save it as UTF-8 without one")
    if (zero := data.find(b"\0")) >= 0:
        refuse(data.count(b"\n", 0, zero) + 1, "holds a NUL byte: save it as UTF-8 text")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        refuse(data.count(b"\n", 0, error.start) + 1, "not UTF-8 text")


@dataclass(kw_only=True, slots=True)
class _Open:
    """A mapping or list whose end has not been read yet."""

    container: dict[str, Any] | list[Any]
    path: KeyPath
    line: int
    key: str | None = None  # of a mapping: read, its value not yet


@dataclass(kw_only=True, slots=True)
class _Builder:
    """Builds plain values from the parser's events, one at a time."""

    file: str
    root: Any = None
    lines: dict[KeyPath, int | None] = field(default_factory=dict)
    line: int = 1
    _stack: list[_Open] = field(default_factory=list)
    _values: int = 0
    _documents: int = 0

    def take(self, event: yaml_events.Event) -> None:
        if event.start_mark is not None:
            self.line = event.start_mark.line + 1
        match event:
            case yaml_events.DocumentStartEvent():
                self._start_document(event)
            case yaml_events.MappingEndEvent() | yaml_events.SequenceEndEvent():
                self._stack.pop()
            case yaml_events.AliasEvent():
                self._refuse("aliases (*name) are not part of this language")
            case yaml_events.NodeEvent():
                self._take_node(event)

    def _start_document(self, event: yaml_events.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse("one file holds one document: remove this '---'")
        if event.version not in (None, (1, 2)):
            self._refuse("only YAML 1.2 is read: remove the %YAML line")
        if event.tags:
            self._refuse("%TAG is not part of this language")

    def _take_node(self, event: yaml_events.NodeEvent) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            self._refuse(f"holds more than {MAX_VALUES} values")
        if event.anchor is not None:
            self._refuse("anchors (&name) are not part of this language")
        if getattr(event, "tag", None) is not None:
            self._refuse(f"tags ({event.tag}) are not part of this language")
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.container, dict) and top.key is None:
            self._take_key(event, top)
            return
        path = self._path()
        self.lines.setdefault(path, self.line)
        match event:
            case yaml_events.ScalarEvent():
                self._place(self._scalar(event))
            case yaml_events.MappingStartEvent():
                self._open({}, path)
            case _:
                self._open([], path)

    def _take_key(self, event: yaml_events.NodeEvent, top: _Open) -> None:
        if not isinstance(event, yaml_events.ScalarEvent):
            self._refuse("a key must be text, not a list or mapping")
        key = self._scalar(event)
        if not isinstance(key, str):
            self._refuse(f"a key must be text: write '{event.value}' in quotes")
        if key in top.container:
            first = self.lines[(*top.path, key)]
            top.key = key
            self._refuse(f"given twice, first on line {first}")
        top.key = key
        self.lines[self._path()] = self.line

    def _open(self, container: dict[str, Any] | list[Any], path: KeyPath) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(f"nested more than {MAX_DEPTH} deep")
        self._place(container)
        self._stack.append(_Open(container=container, path=path, line=self.line))

    def _place(self, value: Any) -> None:
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top.container, dict):
            assert top.key is not None
            top.container[top.key] = value
            top.key = None
        else:
            top.container.append(value)

    def _path(self) -> KeyPath:
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.container, list):
            return (*top.path, len(top.container))
        return top.path if top.key is None else (*top.path, top.key)

    def _scalar(self, event: yaml_events.ScalarEvent) -> int | float | str | bool | None:
        text = event.value
        if event.style:  # quoted or block text is never a number
            return self._text(text)
        if text in _NULLS:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _NOT_FINITE.fullmatch(text):
            self._refuse(f"a number must be finite, not {text}")
        for pattern, base in _INTEGERS:
            if pattern.fullmatch(text):
                return self._integer(text, base)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                self._refuse(f"a number must be finite, not {one_line(text, limit=40)}")
            return number
        return self._text(text)

    def _integer(self, text: str, base: int) -> int:
        digits = text if base == 10 else text[2:]
        number = int(digits, base) if len(digits) <= 64 else None
        if number is None or abs(number) > _LARGEST_INTEGER:
            self._refuse(f"{one_line(text, limit=40)} does not fit in 64 bits")
        return number

    def _text(self, text: str) -> str:
        if not text.isprintable():
            self._refuse(f"text must be one line of printable characters, not {shown(text)}")
        return text

    def _refuse(self, message: str) -> NoReturn:
        raise DocumentError(self.file, self.line, key=dotted(self._path()), message=message)
