"""Who may ask, and what a browser may do with the answer; checked on every route and method.

* Host must be a name this server is known by: a page elsewhere whose name is pointed at loopback
  (DNS rebinding) asks under its own.
* Origin and Sec-Fetch-Site, where a browser sends them, must be this page's own; only following a
  link may come from elsewhere.
* With a token, a cookie that cannot be read by scripts, or `Authorization: Bearer`, must carry it.
  Comparisons take the same time whatever is wrong.
* Content-Security-Policy: scripts and data come from this server alone, and no page may frame it.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "nas_dashboard"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
LEAST_TOKEN = 22  # characters: 128 bits in base64
LOGIN = "/login"
_LONGEST_FORM = 4096  # bytes
_READING = ("GET", "HEAD")
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; object-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Stands before an application and lets through what may be answered."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str | None = None,
        hosts: Collection[str] = (),
        prefix: str = "",
        open_paths: Collection[str] = (),
    ) -> None:
        """Guard `app`.

        Args:
            app: what answers.
            token: who has it may ask; None: whoever reaches the server.
            hosts: names of this server beside those of loopback.
            prefix: of all addresses, behind a proxy.
            open_paths: answered without the token, for the page that asks for it.
        """
        self._app, self._token, self._prefix = app, token, prefix
        self._hosts = LOOPBACK | {_without_port(host.lower()) for host in hosts} - {""}
        self._open = {path for each in open_paths for path in (each, f"{prefix}{each}")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        request = Request(scope, receive)
        answer = self._refusal(request) or await self._login(request)
        await (answer or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        [host, *others] = request.headers.getlist("host") or [""]
        host = host.lower()
        if others or _without_port(host) not in self._hosts:
            return PlainTextResponse(
                "This server is not known by that name; --allow-host NAME makes it.\n", 421
            )
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return PlainTextResponse("Asked by a page from elsewhere.\n", 403)
        if request.headers.get("sec-fetch-site") in ("cross-site", "same-site") and not (
            request.method in _READING and request.headers.get("sec-fetch-mode") == "navigate"
        ):
            return PlainTextResponse("Asked by a page from elsewhere.\n", 403)
        if request.method not in _READING and not self._asks_to_log_in(request):
            allowed = {"Allow": ", ".join(_READING)}
            return PlainTextResponse("This page only shows.\n", 405, headers=allowed)
        return None

    def _asks_to_log_in(self, request: Request) -> bool:
        at = request.url.path in (LOGIN, f"{self._prefix}{LOGIN}")
        return self._token is not None and request.method == "POST" and at

    async def _login(self, request: Request) -> Response | None:
        """Return what asks for the token or takes it; None where it was shown, or there is none."""
        if self._token is None:
            return None
        if self._asks_to_log_in(request):
            given = await _field(request, "token")
            if given is None or not hmac.compare_digest(given.encode(), self._token.encode()):
                return RedirectResponse(f"{self._prefix}{LOGIN}?wrong=1", 303)
            answer = RedirectResponse(f"{self._prefix}/", 303)
            answer.set_cookie(
                COOKIE,
                _proof(self._token),
                httponly=True,
                samesite="lax",
                secure=request.headers.get("x-forwarded-proto") == "https",
                path=f"{self._prefix}/",
            )
            return answer
        if request.url.path in self._open or self._shown(request):
            return None
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{self._prefix}{LOGIN}", 303)
        return PlainTextResponse("The token is missing.\n", 401)

    def _shown(self, request: Request) -> bool:
        assert self._token is not None
        cookie = request.cookies.get(COOKIE, "")
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        by_cookie = hmac.compare_digest(cookie.encode(), _proof(self._token).encode())
        by_header = hmac.compare_digest(bearer.encode(), self._token.encode())
        return by_cookie or (kind.lower() == "bearer" and by_header)


def _proof(token: str) -> str:
    """Return what the cookie holds: it shows that its bearer had the token, which it is not."""
    return hmac.new(token.encode(), b"nas dashboard cookie", hashlib.sha256).hexdigest()


def _without_port(host: str) -> str:
    """Return the name in a Host header; nothing where it is not a name and perhaps a port."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1]


async def _field(request: Request, name: str) -> str | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            return None
    try:
        return parse_qs(body.decode(), max_num_fields=8).get(name, [None])[0]
    except ValueError:
        return None
