"""``key.path=value`` on a command line: a change to a file's values, checked like the file."""

from collections.abc import Sequence
from typing import Any, NoReturn

from search_spaces.language.document import MAX_DEPTH, Document, read_value
from search_spaces.language.errors import DocumentError, KeyPath, dotted, shown

COMMAND_LINE = "command line"


def override(document: Document, overrides: Sequence[str]) -> Document:
    """Return the document with the values of ``key.path=value`` in place, in their order.

    A value is written as in YAML; a number in the path is an index of a list, counted from 0.
    What was set here has line None, which tells its errors from those of the file.

    Raises:
        DocumentError: there is no '=', no key, no such place, or the value is not YAML.
    """
    values, lines = _copy(document.values), dict(document.lines)
    for text in overrides:
        key, equals, written = text.partition("=")
        key = key.strip()
        if not equals or not key:
            _refuse("", f"an override is written key.path=value, not {shown(text)}")
        parts = key.split(".")
        if not all(parts) or not key.isprintable() or len(parts) > MAX_DEPTH:
            _refuse("", f"{shown(key)} is not a key path such as training.epochs")
        try:
            value = read_value(written, COMMAND_LINE).values
        except DocumentError as error:
            _refuse(key, error.message)
        path = _set(values, parts, value)
        for known in [known for known in lines if known[: len(path)] == path]:
            del lines[known]
        lines[path] = None
    return Document(file=document.file, values=values, lines=lines)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _set(values: dict[str, Any], parts: list[str], value: Any) -> KeyPath:
    """Put `value` at the path that `parts` spell, and return that path."""
    here: Any = values
    path: KeyPath = ()
    while True:
        key, taken = _next_key(here, parts, path)
        path, parts = (*path, key), parts[taken:]
        if not parts:
            here[key] = value
            return path
        if isinstance(here, dict) and here.get(key) is None:
            here[key] = {}  # a section that the file leaves out, or leaves empty
        here = here[key]


def _next_key(here: Any, parts: list[str], path: KeyPath) -> tuple[str | int, int]:
    """Return the first key of `parts`, and how many parts it spans: a name may hold dots."""
    if isinstance(here, dict):
        for taken in range(len(parts), 1, -1):
            if ".".join(parts[:taken]) in here:
                return ".".join(parts[:taken]), taken
        return parts[0], 1
    wanted = dotted((*path, *parts))
    if not isinstance(here, list):
        _refuse(wanted, f"{dotted(path)} is {shown(here)}, which has no keys")
    if not (parts[0].isascii() and parts[0].isdecimal()):
        _refuse(wanted, f"{dotted(path)} is a list: name an entry by its number, from 0")
    if len(parts[0]) > 9 or int(parts[0]) >= len(here):
        _refuse(wanted, f"{dotted(path)} has {len(here)} entries, from 0 to {len(here) - 1}")
    return int(parts[0]), 1


def _refuse(key: str, message: str) -> NoReturn:
    raise DocumentError(COMMAND_LINE, None, key=key, message=message)
