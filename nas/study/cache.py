"""This user's cache on this machine: what can be had again, and may go when nothing runs."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

NAME = "coatnet-nas"


def cache_folder() -> Path:
    """Return the folder; without a home that can be written, temporary files of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with suppress(OSError, RuntimeError):
        place = Path(base).expanduser() / NAME
        place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK | os.X_OK):
            return place
    ours = Path(tempfile.gettempdir()) / f"nas-{os.getuid()}"
    with suppress(FileExistsError):
        ours.mkdir(mode=0o700)
    found = ours.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or not stat.S_ISDIR(found.st_mode):
        ours = Path(tempfile.mkdtemp(prefix="nas-"))  # somebody else was there first
    place = ours / NAME
    place.mkdir(exist_ok=True)
    return place
