"""What is taken away is whole and harmless."""

import io
import re

import pandas as pd
import pyarrow.parquet as pq

from tests.dashboards.served import a_study, client


def test_figures_are_json_csv_and_a_table():
    asks = client()
    figure = asks.get("/s/finished/figures/scores.json").json()
    assert figure["data"]
    frame = pd.read_csv(io.StringIO(asks.get("/s/finished/figures/scores.csv").text))
    page = asks.get("/s/finished/figures/scores").text
    assert page.count("<tr>") == len(frame) + 1


def test_tables_are_those_of_the_study():
    asks = client()
    expected = len(asks.get("/s/finished/tables/trials.json").json())
    csv = asks.get("/s/finished/tables/trials.csv")
    assert len(pd.read_csv(io.StringIO(csv.text))) == expected
    parquet = asks.get("/s/finished/tables/trials.parquet")
    assert pq.read_table(io.BytesIO(parquet.content)).num_rows == expected
    assert (
        parquet.headers["Content-Disposition"] == 'attachment; filename="finished-trials.parquet"'
    )
    epochs = asks.get("/s/finished/tables/epochs.json").json()
    assert len(epochs) > expected


def test_names_of_files_are_harmless(tmp_path):
    a_study(tmp_path / 'a"; b=\u00e9 c')
    answer = client(tmp_path).get("/s/a%22; b=%C3%A9 c/tables/trials.csv")
    assert answer.status_code == 200
    name = answer.headers["Content-Disposition"].partition("filename=")[2]
    assert re.fullmatch(r'"[A-Za-z0-9-]+\.csv"', name)
