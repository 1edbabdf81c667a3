"""The application: addresses, what answers them, and the guard before all of it."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from dashboards.files import Files
from dashboards.guard import LOGIN, Guard
from dashboards.library import Library
from dashboards.pages import Pages
from nas.errors import NasError, NotFoundError

_HERE = Path(__file__).parent
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_OPEN = (LOGIN, "/static/page.css")  # what the page that asks for the token is made of
_FIGURE = "figures/{figure}"


def create_app(
    root: Path,
    *,
    token: str | None = None,
    hosts: Collection[str] = (),
    prefix: str = "",
) -> Starlette:
    """Return the application that shows the studies under `root`, read-only.

    Args:
        root: a folder of studies and sweeps, or one study.
        token: asked of everyone; None: of nobody, for a server on loopback.
        hosts: names of the server beside those of loopback.
        prefix: of all addresses, behind a proxy: ``/nas``.
    """
    library = Library(root)
    options = {"prefix": prefix, "version": version("coatnet-nas")}
    pages, files = Pages(library, **options), Files(library, **options)
    routes = _routes(pages, files)
    served: list[BaseRoute] = [Mount(prefix, routes=routes), *routes] if prefix else [*routes]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=library.warm, daemon=True, name="reads studies").start()
        yield

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = NotFoundError("There is no such page here.")
        return pages.refused(request, error)

    return Starlette(
        routes=served,
        lifespan=lifespan,
        exception_handlers={NasError: refuse, HTTPException: refuse, OSError: refuse},
        middleware=[
            Middleware(Guard, token=token, hosts=hosts, prefix=prefix, open_paths=_OPEN),
            Middleware(GZipMiddleware, minimum_size=1024),
        ],
    )


def _routes(pages: Pages, files: Files) -> list[Route]:
    study, trial = "/s/{study}", "/s/{study}/t/{number:int}"
    return [
        _get("/", pages.overview),
        _get(LOGIN, pages.login),
        _get("/static/{name}", _static()),
        _get(study, pages.study),
        _get(f"{study}/trials", pages.trials),
        _get(f"{study}/compare", pages.compare),
        _get(f"{study}/search", pages.search),
        _get(f"{study}/queue", pages.queue),
        _get(f"{study}/drawing.svg", files.drawing),
        _get(trial, pages.trial),
        _get(f"{trial}/drawing.svg", files.drawing),
        _get(f"{trial}/{_FIGURE}", files.figure),
        _get(f"{study}/{_FIGURE}", files.figure),
        _get(f"{study}/{{view}}/{_FIGURE}", files.figure),
        _get(f"{study}/tables/{{table}}", files.table),
    ]


def _get(path: str, answer: Callable[[Request], Response]) -> Route:
    """Return a route whose answer is made in a thread: studies are read from disks."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    made: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, made, methods=["GET"])


def _static() -> Callable[[Request], Response]:
    """Return what answers with a file of ours; all are read now, so a name is never a path."""
    files = {
        path.name: (path.read_bytes(), _MEDIA[path.suffix])
        for path in (_HERE / "static").iterdir()
        if path.suffix in _MEDIA
    }
    files["plotly.js"] = (get_plotlyjs().encode(), _MEDIA[".js"])

    def answer(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise NotFoundError("There is no such file here.")
        content, media = found
        # Addresses carry the version: what is under one never changes.
        headers = {"Cache-Control": "public, max-age=604800"}
        return Response(content, media_type=media, headers=headers)

    return answer
