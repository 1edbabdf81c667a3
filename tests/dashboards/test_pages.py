"""What the pages say, and that they say it once."""

import html
import re

import pytest

from dashboards.live import LiveStudy
from nas.study.records import TrialStatus
from tests.dashboards.served import FIXTURES, a_study, client
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


PAGES = ("", "/trials", "/t/1", "/compare", "/search", "/queue", "/figures/scores", "/drawing.svg")


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
