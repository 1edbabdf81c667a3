"""A table: its columns in their order, and frames and files that have exactly these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from nas.tables.columns import Column, Type, word


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table: where it is found, what a row is, and its columns."""

    title: str
    found: str  # the file or the command
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pa.Schema:
        """The columns as Parquet has them."""
        return pa.schema([(column.name, column.type.value) for column in self.columns])

    def frame(self, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
        """Return rows as a frame with these columns and types, also when there is no row."""
        return _pandas(pa.Table.from_pylist([_encodable(row) for row in rows], self.schema))

    def frame_of(self, columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """Return columns as such a frame: of many rows it is faster; None is what is missing."""
        safe = {
            column.name: [_safe(value) for value in columns[column.name]]
            if column.type is Type.TEXT
            else columns[column.name]
            for column in self.columns
        }
        return _pandas(pa.Table.from_pydict(safe, self.schema))

    def arrow(self, frame: pd.DataFrame) -> pa.Table:
        """Return a frame of this table as Parquet takes it."""
        return pa.Table.from_pandas(frame, self.schema, preserve_index=False)


def _pandas(table: pa.Table) -> pd.DataFrame:
    # A count that can be missing stays one: pandas would make it a float.
    return table.to_pandas(types_mapper={Type.COUNT.value: pd.Int64Dtype()}.get)


def _encodable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _safe(value) for name, value in row.items()}


def _safe(value: Any) -> Any:
    """Replace lone surrogates: an error message may quote a path that is not UTF-8."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def words(*names: str, of: str = "") -> tuple[Column, ...]:
    """Return the columns of these words, in this order; `of` says more of what they are here.

    Raises:
        KeyError: the data dictionary has no such word.
    """
    return tuple(word(name, of) for name in names)
