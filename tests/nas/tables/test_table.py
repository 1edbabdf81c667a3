"""Frames of a table have its columns and types, whatever the rows."""

import pandas as pd
import pytest

from nas.tables.table import Table, words

TABLE = Table(title="T", found="x", row="y", columns=words("label", "seeds", "score"))


def test_a_frame_has_the_columns_and_types_also_without_rows():
    for frame in (TABLE.frame([]), TABLE.frame_of({"label": [], "seeds": [], "score": []})):
        assert list(frame.columns) == TABLE.names == ["label", "seeds", "score"]
        assert frame["seeds"].dtype == pd.Int64Dtype()


def test_by_columns_is_as_by_rows():
    rows = [
        {"label": "C-T\ud800", "seeds": 3, "score": 0.5},
        {"label": "C-C", "seeds": None, "score": None},
    ]
    columns = {name: [row[name] for row in rows] for name in TABLE.names}
    by_rows, by_columns = TABLE.frame(rows), TABLE.frame_of(columns)
    pd.testing.assert_frame_equal(by_rows, by_columns)
    assert TABLE.arrow(by_rows).schema.equals(TABLE.schema)
    assert by_columns["seeds"].isna().tolist() == [False, True]


def test_words_may_say_of_what_they_are_here():
    (column,) = words("score", of="at the end")
    assert column.meaning.endswith("at the end")
    with pytest.raises(KeyError):
        words("no such word")
