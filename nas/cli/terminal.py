"""What reaches the terminal: names that others chose are shown, never obeyed, in any encoding."""

import codecs
import re
import sys
from typing import Any, TextIO

# All control characters but tab and line feed, and what reorders text or ends a line unseen.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_FALLBACK = "nas.plain"
_PLAIN = {
    "≫": ">>",
    "≥": ">=",
    "≈": "~",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "±": "+-",
    "…": "...",
    "·": ".",
    "→": "->",
    "‖": "||",
    "≤": "<=",
    "━": "-",
}


def clean(text: str) -> str:
    r"""Return the text with control characters as their escapes: \x1b instead of ESC."""
    return _CONTROL.sub(lambda found: _escape(found[0]), text)


class Cleaned:
    """A text stream that shows control characters; for the rest it is the stream it is given."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self.raw = stream

    def write(self, text: str) -> int:
        """Write the text, cleaned; return its length, as asked."""
        self.raw.write(clean(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write the lines, cleaned."""
        for line in lines:
            self.write(line)

    @property
    def encoding(self) -> str:
        """What click must believe: it opens a stream of its own where it reads ASCII."""
        return "utf-8"

    def __getattr__(self, name: str) -> Any:
        """Return what the stream has."""
        return getattr(self.raw, name)


def protect() -> None:
    """Have stdout and stderr show control characters, and print any symbol in any encoding."""
    codecs.register_error(_FALLBACK, _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, Cleaned):
            continue
        if (stream.encoding or "").replace("-", "").lower() != "utf8":
            stream.reconfigure(errors=_FALLBACK)
        setattr(sys, name, Cleaned(stream))


def raw(stream: TextIO) -> TextIO:
    """Return the stream that obeys: for what colours tables and moves the cursor itself."""
    return stream.raw if isinstance(stream, Cleaned) else stream


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks, a character at a time."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each, "?") for each in missing), error.end
