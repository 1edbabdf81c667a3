"""Answers are sent once, and errors are one line in a page."""

import pytest

from dashboards import live
from tests.dashboards.served import a_study, append, begun, client, ended, epoch, some
from tests.nas.journals import journalled

PAGES = ("", "/trials", "/t/1", "/compare", "/search", "/queue", "/figures/scores", "/drawing.svg")


def test_a_broken_study_is_said_in_one_line(tmp_path):
    folder = a_study(tmp_path / "a")
    journal = next((folder / "journal").glob("*.jsonl"))
    journal.write_text(journal.read_text().replace("0001-s0", "0009-s0", 1))
    answer = client(tmp_path).get("/s/a")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "journal" in answer.text


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
    pages = ("/s/a", "/s/a/trials", "/s/a/t/1", "/")
    before = {page: asks.get(page).headers["ETag"] for page in pages}
    append(tmp_path / "a", ended(two, 0.9))
    for page, tag in before.items():
        assert asks.get(page, headers={"If-None-Match": tag}).status_code == 200, page
    assert "90.00%" in asks.get("/s/a/trials").text
