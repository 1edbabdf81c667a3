"""CSV that a spreadsheet may open: no cell becomes a formula, numbers stay numbers."""

import io

import pandas as pd
import pytest

from nas.tables.csv_text import to_csv


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\0"])
def test_a_formula_becomes_text(first):
    frame = pd.DataFrame({"message": [f"{first}cmd|' /C calc'!A0", "plain"], first: [1, 2]})
    read = pd.read_csv(io.StringIO(to_csv(frame)))
    assert read["message"].tolist()[1] == "plain"
    assert all(not str(cell).startswith(first) for cell in [*read["message"], *read.columns])
    assert f"'{first}cmd" in to_csv(frame)


@pytest.mark.parametrize("number", ["-5", "+1.5", "-.5", "-1e-3"])
def test_a_text_that_is_a_number_stays_one(number):
    frame = pd.DataFrame({"a": [number], "b": [float(number)]})
    assert f"'{number}" not in to_csv(frame)
    read = pd.read_csv(io.StringIO(to_csv(frame)))
    assert read["b"].iloc[0] == float(number)


@pytest.mark.parametrize("almost", ["-5+cmd|' /C calc'!A0", "-1\n=1", "+", "-e5", "-1 "])
def test_a_text_that_only_begins_like_a_number_is_escaped(almost):
    assert f"\"'{almost}" in to_csv(pd.DataFrame({"a": [almost]}))


def test_lines_and_quotes_within_a_cell_survive():
    text = 'Traceback:\r\n  "x", line 1\n'
    read = pd.read_csv(
        io.StringIO(to_csv(pd.DataFrame({"message": [text], "n": [1]})), newline=""),
        lineterminator="\n",
    )
    assert read["message"].iloc[0] == text
    assert read["n"].iloc[0] == 1


def test_csv_leaves_the_frame_alone():
    frame = pd.DataFrame({"=a": ["=1"]})
    to_csv(frame)
    assert frame["=a"].tolist() == ["=1"]


def test_a_mixed_column_keeps_its_numbers():
    frame = pd.DataFrame({"point": [{"a": 1}, None, -5, "=x"]}, dtype=object)
    assert to_csv(frame) == '"point"\n"{\'a\': 1}"\n""\n-5\n"\'=x"\n'
