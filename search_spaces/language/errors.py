"""What can be wrong with a file or a space, always said in exactly one line."""

import difflib
from collections.abc import Iterable

KeyPath = tuple[str | int, ...]

_SHOWN = 60  # characters of a user's value worth repeating in a message


class DocumentError(ValueError):
    """A file is not YAML as this language reads it; prints ``file:line: key.path: message``."""

    def __init__(self, file: str, line: int | None, *, key: str, message: str) -> None:
        super().__init__(message)
        self.file, self.line, self.key, self.message = file, line, key, message

    def __str__(self) -> str:
        """Return the one line shown to the user."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return one_line(": ".join(part for part in (place, self.key, self.message) if part))


class SpaceError(ValueError):
    """A search space breaks a rule; `path` leads to the value, from the space's own root.

    `others` are what else is wrong with the space, where all of it was looked at.
    """

    def __init__(
        self, path: KeyPath, message: str, *, others: "tuple[SpaceError, ...]" = ()
    ) -> None:
        super().__init__(message)
        self.path, self.message, self.others = path, message, others

    def __str__(self) -> str:
        """Return the one line shown to the user."""
        return one_line(": ".join(part for part in (dotted(self.path), self.message) if part))


def dotted(path: KeyPath) -> str:
    """Return the path as users write it: ``space.stages.2.depth``."""
    return ".".join(one_line(str(part), limit=_SHOWN) for part in path)


def one_line(text: str, *, limit: int = 2000) -> str:
    """Return `text` with escapes for all that would move a terminal's cursor, cut to `limit`."""
    shown = text if len(text) <= limit else f"{text[: limit - 3]}..."
    if shown.isprintable():
        return shown
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown
    )


def shown(value: object) -> str:
    """Return a value the way YAML writes it, short enough for a message."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return f"'{one_line(value, limit=_SHOWN)}'"
    return one_line(repr(value), limit=_SHOWN)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``, did you mean 'depths'?`` with the nearest known word, else the known words."""
    words = sorted(known)
    near = difflib.get_close_matches(str(word)[:_SHOWN], words, n=1)
    if near:
        return f", did you mean '{near[0]}'?"
    return f"; known here: {', '.join(words)}" if words else ""
