"""What the pages say, and that they say it once."""

import html
import io
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashboards import live
from dashboards.live import LiveStudy
from nas.study.records import TrialStatus
from tests.dashboards.served import FIXTURES, a_study, append, begun, client, ended, epoch, some
from tests.nas.journals import journalled


def words(text: str) -> str:
    """Return the text of a page without its elements, spaces made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_overview_names_every_study_and_its_answer():
    with client() as asks:
        for name in ("finished", "interrupted"):
            asks.get(f"/s/{name}")
        text = words(asks.get("/").text)
    assert LiveStudy(FIXTURES / "finished").snapshot().ranking.answer in text
    assert "interrupted" in text


def test_no_study_says_what_makes_one(tmp_path):
    assert "nas search quickstart" in client(tmp_path).get("/").text


def test_the_answer_is_the_rankings_own():
    ranking = LiveStudy(FIXTURES / "finished").snapshot().ranking
    text = words(client().get("/s/finished").text)
    assert ranking.sentence in text
    assert all(f"{layout.score:.2%}" in text for layout in ranking.layouts)
    assert ranking.notes
    assert all(note in text for note in ranking.notes)


def test_trials_are_filtered_by_the_address():
    asks = client(FIXTURES)
    all_of_them = asks.get("/s/finished/trials").text
    some_of_them = asks.get("/s/finished/trials?layout=C-C").text
    assert all_of_them.count('<th scope="row">') > some_of_them.count('<th scope="row">') > 0
    assert 'value="last" selected' not in some_of_them
    assert "<option selected>C-C</option>" in some_of_them
    assert "0 trials of" in words(asks.get("/s/finished/trials?text=nowhere").text)


def test_a_trial_tells_its_message_and_its_epochs(tmp_path):
    a_study(tmp_path / "a", messages={2: "loss is NaN [at step 7]"})
    text = words(client(tmp_path).get("/s/a/t/2").text)
    assert "loss is NaN [at step 7]" in text
    assert "diverged" in text
    assert "46.67%" in text, "accuracy of its second epoch"


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


PAGES = ("", "/trials", "/t/1", "/compare", "/search", "/queue", "/figures/scores", "/drawing.svg")


@pytest.mark.parametrize("page", PAGES)
def test_what_has_not_changed_is_not_sent_again(page):
    asks = client()
    first = asks.get(f"/s/finished{page}")
    tag = first.headers["ETag"]
    again = asks.get(f"/s/finished{page}", headers={"If-None-Match": tag})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    other = asks.get(f"/s/finished{page}?sort=seed", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_page_changes_with_its_study(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SOONEST", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    one, two = some(["C"])
    journalled(tmp_path / "a", [*begun(one), epoch(one, 1, 0.7)])
    asks = client(tmp_path)
    for page in ("/s/a", "/s/a/trials", "/s/a/t/1", "/"):
        before = asks.get(page)
        append(tmp_path / "a", ended(two, 0.9) if page == "/s/a" else [epoch(one, 2, 0.75)])
        after = asks.get(page, headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200, page
        if page != "/s/a":
            break
    assert "90.00%" in asks.get("/s/a/trials").text


def test_a_study_of_nothing_has_all_its_pages(tmp_path):
    journalled(tmp_path / "a", [])
    asks = client(tmp_path)
    for page in PAGES[:6]:
        answer = asks.get(f"/s/a{page}")
        assert answer.status_code == (404 if page == "/t/1" else 200), page
    assert "Nothing to rank yet" in asks.get("/s/a").text


@pytest.mark.parametrize("status", list(TrialStatus))
def test_every_status_can_be_asked_for(status):
    assert client().get(f"/s/finished/trials?status={status.value}").status_code == 200


def test_a_broken_study_is_said_in_one_line(tmp_path):
    folder = a_study(tmp_path / "a")
    journal = next((folder / "journal").glob("*.jsonl"))
    journal.write_text(journal.read_text().replace("0001-s0", "0009-s0", 1))
    answer = client(tmp_path).get("/s/a")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "journal" in answer.text
