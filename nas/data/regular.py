"""Opens files of data, and nothing else: a pipe would be waited for, a device never ends."""

import os
import stat
from io import BufferedReader
from pathlib import Path

_WORDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: Path) -> BufferedReader:
    """Open a file to read its bytes; never wait for one.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    _check(path.stat().st_mode)  # first: to open some devices does something
    # Nor may one wait where the path has become a pipe since.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def kind_of(mode: int) -> str:
    """Return what no regular file is, in words."""
    return next((word for test, word in _WORDS if test(mode)), "no file that is known")


def _check(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(f"is {kind_of(mode)}, not a regular file")
