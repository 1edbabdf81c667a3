"""Every route and method, taken from the router: who may ask, and what may be done with it."""

import itertools
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.websockets import WebSocketDisconnect

from dashboards.app import create_app
from dashboards.guard import COOKIE
from tests.dashboards.served import FIXTURES, client

TOKEN = "a" * 21 + "Z9-_" * 3
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
VALUES = {
    "{name}": "app.js",
    "{study}": "finished",
    "{number:int}": "1",
    "{view}": "search",
    "{figure}": "curves.json",
    "{table}": "trials.csv",
}
# What whoever has no token may see; anything more is a mistake until it is written here.
PUBLIC = {"/login", "/static/page.css"}
STATIC = ("/static/page.css", "/static/figures.js", "/static/plotly.js")
ELSEWHERE = [
    "evil.example",
    "10.0.0.1.attacker.example",
    "localhost@evil.example",
    "localhost:8500@evil.example",
    "127.0.0.1.evil.example",
    "evil.example:8500",
    "localhost.",
    "127.0.0.1:port",
    "127.0.0.1:8500:1",
    "[::1].evil.example",
    "[::1",
    "0.0.0.0",
    " ",
    "",
]


def paths(app: Starlette) -> Iterator[str]:
    """Yield an address of every route."""
    for route in app.routes:
        for each in route.routes if isinstance(route, Mount) else [route]:
            assert isinstance(each, Route)
            path = each.path
            for parameter, value in VALUES.items():
                path = path.replace(parameter, value)
            assert "{" not in path, f"{path}: give its parameter a value above"
            yield (route.path if isinstance(route, Mount) else "") + path


PATHS = sorted(set(paths(create_app(FIXTURES))))


def figures_elsewhere(path: str) -> str:
    """Return the address of a figure that there is: not all are of every view."""
    if "/search/" in path:
        return path.replace("curves", "best-so-far")
    return path.replace("curves", "scores") if path.count("/") == 4 else path


def test_all_routes_are_known_and_answer():
    asks = client()
    assert len(PATHS) == 15
    for path in PATHS:
        answer = asks.get(figures_elsewhere(path))
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"] or path.endswith(
            ".svg"
        )


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_route_answers_under_a_name_it_is_not_known_by(host):
    asks = client()
    for path, method in itertools.product(PATHS, METHODS):
        answer = asks.request(method, path, headers={"Host": host})
        assert answer.status_code == 421, (path, method)


def test_two_names_are_none():
    asks = client()
    headers = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    answers = [asks.get(path, headers=headers).status_code for path in PATHS]
    assert set(answers) == {421}


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8500", "127.0.0.1:1", "[::1]:8500", "nas.example:443"]
)
def test_names_of_this_server_are_answered(host):
    assert client(hosts=["NAS.example"]).get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    ],
)
def test_pages_from_elsewhere_are_refused_everywhere(headers):
    asks = client()
    for path, method in itertools.product(PATHS, METHODS):
        assert asks.request(method, path, headers=headers).status_code == 403, (path, method)


def test_links_from_elsewhere_are_followed_but_nothing_is_sent_by_them():
    asks = client()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert asks.get("/", headers=from_elsewhere).status_code == 200
    assert asks.post("/login", headers=from_elsewhere).status_code == 403
    assert asks.get("/", headers={"Origin": "http://127.0.0.1"}).status_code == 200


def test_only_reading_is_answered():
    asks = client()
    for path, method in itertools.product(PATHS, METHODS[2:]):
        answer = asks.request(method, path)
        assert answer.status_code == 405, (path, method)
        assert answer.headers["Allow"] == "GET, HEAD"


def test_there_are_no_web_sockets():
    for path in ("/", "/ws", "/s/finished"):
        with pytest.raises(WebSocketDisconnect), client().websocket_connect(path):
            pass


SHOWN = {
    "nothing": {},
    "another": {"Authorization": f"Bearer {TOKEN[:-1]}x"},
    "a part": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "more": {"Authorization": f"Bearer {TOKEN}x"},
    "another way": {"Authorization": f"Basic {TOKEN}"},
    "not ASCII": {"Authorization": "Bearer \xe9".encode("latin-1")},
    "the token as cookie": {"Cookie": f"{COOKIE}={TOKEN}"},
    "another's cookie": {"Cookie": f"{COOKIE}={'0' * 64}"},
    "an empty cookie": {"Cookie": f"{COOKIE}="},
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("prefix", ["", "/nas"])
def test_without_the_token_only_what_asks_for_it_is_seen(shown, prefix):
    asks = client(token=TOKEN, prefix=prefix)
    seen = set()
    for path in {*PATHS, *paths(create_app(FIXTURES, prefix=prefix)), *STATIC, "/x"}:
        for name, method in itertools.product([path, f"{path}/", f"/{path}"], METHODS[:3]):
            answer = asks.request(method, f"http://127.0.0.1{name}", headers=shown)
            if answer.status_code == 200:
                seen.add(name.removeprefix(prefix))
            elif method in ("GET", "HEAD"):
                assert answer.status_code in (401, 404), (name, method)
    assert seen == PUBLIC


def test_browsers_are_sent_to_where_the_token_is_asked():
    asks = client(token=TOKEN, prefix="/nas")
    answer = asks.get("/nas/s/finished", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/nas/login")
    assert 'type="password"' in asks.get("/nas/login").text


def test_the_token_opens_all_and_the_cookie_is_not_it():
    asks = client(token=TOKEN)
    assert asks.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    wrong = asks.post("/login", data={"token": "no"})
    assert wrong.headers["Location"] == "/login?wrong=1"
    assert "Set-Cookie" not in wrong.headers
    assert "not the token" in asks.get("/login?wrong=1").text
    right = asks.post("/login", data={"token": TOKEN})
    assert (right.status_code, right.headers["Location"]) == (303, "/")
    cookie = right.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert all(asks.get(figures_elsewhere(path)).status_code == 200 for path in PATHS)


def test_the_cookie_travels_by_tls_where_the_proxy_does():
    answer = client(token=TOKEN).post(
        "/login", data={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize(
    "form",
    [
        b"token=" + b"a" * 5000,
        b"\xff\xfe",
        b"&".join([b"token=x"] * 20),
        b"",
        b"token=%ff",
        "token=\u00e9".encode(),
    ],
)
def test_forms_that_are_none_are_wrong(form):
    answer = client(token=TOKEN).post("/login", content=form)
    assert answer.headers["Location"] == "/login?wrong=1"


def test_where_no_token_is_needed_none_is_taken():
    assert client().post("/login", data={"token": "x"}).status_code == 405
