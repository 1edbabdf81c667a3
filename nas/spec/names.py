"""Names that users give: they become folders, labels and URLs, so they are checked here."""

import re
from pathlib import Path

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED_NAME = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # Windows devices


def check_name(value: str) -> str:
    """Return `value` if it is safe as a file name.

    Raises:
        ValueError: it is not.
    """
    if not NAME_PATTERN.fullmatch(value) or ".." in value or value != Path(value).name:
        raise ValueError(
            f"name {value!r} must be 1 to 64 letters, digits, '.', '_' or '-', begin with a letter "
            "or digit and hold no '..'"
        )
    if RESERVED_NAME.fullmatch(value):
        raise ValueError(f"name {value!r} is the name of a device on Windows: choose another")
    return value
