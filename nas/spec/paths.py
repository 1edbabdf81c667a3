"""Paths as users write them: `~` is their home, and what is no path of this machine is refused."""

import re
from pathlib import Path

from nas.errors import SpecError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_uri(text: str) -> bool:
    """Tell `s3://BUCKET/NAME` and the like from a path."""
    return _SCHEME.match(text) is not None


def local_path(text: str | Path, *, key: str) -> Path:
    """Return the path that a user wrote; `key` is where, for the message.

    Raises:
        SpecError: it is a URI, or the home of someone unknown.
    """
    text = str(text)
    if is_uri(text):
        raise SpecError(
            f"{text}: only a study can be in an object store; use a folder that all nodes share",
            key=key,
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SpecError(f"{text}: whose home that is cannot be told", key=key) from error
