"""Addresses: what is there answers, what is not is said in a page, prefixes go before all."""

import re
import threading

import pytest

from dashboards.app import create_app
from tests.dashboards.served import FIXTURES, client


def links(text: str) -> set[str]:
    """Return the addresses of a page that are of this server."""
    found = re.findall(r'(?:href|src|action|data-figure)="([^"]+)"', text)
    return {each.replace("&amp;", "&") for each in found if not each.startswith(("#", "data:"))}


@pytest.mark.slow
def test_every_link_of_every_page_leads_somewhere():
    prefix = "/a/b"
    asks = client(prefix=prefix)
    waiting, seen = [f"{prefix}/"], set()
    while waiting:
        address = waiting.pop()
        if address.partition("?")[0] in seen:  # once, whatever is filtered and sorted
            continue
        seen.add(address.partition("?")[0])
        answer = asks.get(address)
        assert answer.status_code == 200, address
        assert address.startswith(f"{prefix}/")
        if answer.headers["content-type"].startswith("text/html"):
            folder = address.rpartition("/")[0]
            for each in links(answer.text):
                waiting += [each if each[0] == "/" else f"{folder}/{each}"]
    pages = {re.sub("finished|interrupted|[0-9]+", "*", each) for each in seen}
    whole = {"/s/*", "/s/*/trials", "/s/*/t/*", "/s/*/compare", "/s/*/search", "/s/*/queue"}
    assert {f"{prefix}{each}" for each in whole} <= pages


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/s/none",
        "/s/finished/t/99",
        "/s/finished/t/1x",
        "/s/finished/figures/none",
        "/s/finished/tables/none.csv",
        "/s/finished/tables/trials.pkl",
        "/s/finished/tables/trials",
        "/s/..%2f..%2fetc/trials",
        "/s/%2e%2e",
        "/static/..%2fapp.py",
        "/static/none",
        "/s/finished/none/figures/none.json",
    ],
)
def test_what_is_not_there_is_said_in_a_page(path):
    answer = client().get(path)
    assert answer.status_code == 404
    assert "There is no such" in answer.text
    assert "Traceback" not in answer.text


def test_files_of_the_page_are_kept_by_browsers_and_studies_are_not():
    asks = client()
    assert "max-age=604800" in asks.get("/static/plotly.js").headers["Cache-Control"]
    assert asks.get("/s/finished").headers["Cache-Control"] == "private, no-cache"


def test_answers_are_packed_for_who_can_unpack_them():
    answer = client().get("/static/plotly.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_studies_are_read_when_the_server_begins():
    with client() as asks:
        for thread in threading.enumerate():
            if thread.name == "reads studies":
                thread.join(60)
        assert "is being read" not in asks.get("/").text


def test_there_is_nothing_to_write():
    app = create_app(FIXTURES)
    assert all(route.methods == {"GET", "HEAD"} for route in app.routes)
