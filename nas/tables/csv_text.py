"""A frame as CSV that no spreadsheet takes for formulas."""

import csv
import re
from typing import Any

import pandas as pd


def to_csv(frame: pd.DataFrame) -> str:
    """Return the frame as CSV whose cells no spreadsheet takes for a formula; numbers stay numbers.

    Every text is quoted, so that line ends within it survive (OWASP ASVS 1.2.10).
    """
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_inert, na_action="ignore").astype(object)
    safe.columns = [_inert(str(name)) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


_FORMULA = re.compile(r"[=+\-@\t\r\0]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def _inert(cell: Any) -> Any:
    text = isinstance(cell, str)
    return f"'{cell}" if text and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
