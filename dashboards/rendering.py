"""How an answer is made: of a template or a text, and not at all where the asker has it."""

import hashlib
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from dashboards.library import Library
from dashboards.live import Snapshot
from nas.errors import NotFoundError
from nas.study.records import TrialHistory


class Rendering:
    """Answers about the studies of a library; `prefix` begins every address."""

    def __init__(self, library: Library, *, prefix: str = "", version: str = "") -> None:
        """Read the templates."""
        self.library, self._version = library, version
        self._templates = Environment(
            loader=PackageLoader("dashboards"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        own: dict[str, Any] = {"prefix": prefix, "version": version}
        self._templates.globals |= own

    def refused(self, request: Request, error: Exception) -> Response:
        """Say in a page why there is none."""
        status = 404 if isinstance(error, NotFoundError) else 500
        template = self._templates.get_template("error.html.j2")
        return Response(
            template.render(message=str(error), study=None), status, media_type="text/html"
        )

    def login(self, request: Request) -> Response:
        """The page that asks for the token."""
        template = self._templates.get_template("login.html.j2")
        wrong = request.query_params.get("wrong") == "1"
        return Response(template.render(wrong=wrong, study=None), media_type="text/html")

    def snapshot(self, request: Request) -> tuple[Snapshot, str]:
        """Return the study that is asked for as it is now, and its address."""
        address = request.path_params["study"]
        return self.library.study(address).snapshot(), address

    def common(self, snapshot: Snapshot, address: str, tab: str) -> dict[str, Any]:
        """Return what every page of a study shows."""
        return {
            "study": address,
            "tab": tab,
            "name": snapshot.study.spec.name,
            "snapshot": snapshot,
            "ranking": snapshot.ranking,
        }

    def page(self, request: Request, template: str, mark: str, **values: Any) -> Response:
        """Return a page; `mark` changes when it does."""

        def text() -> str:
            return self._templates.get_template(template).render(**values)

        return self.answer(request, mark, text, "text/html")

    def answer(self, request: Request, mark: str, text: Callable[[], str], media: str) -> Response:
        """Return the answer, or that it is what the asker has."""
        seed = f"{self._version} {request.url.path} {request.url.query} {mark}"
        tag = f'"{hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:24]}"'
        headers = {"ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = text().encode("utf-8", "backslashreplace")
        return Response(content, media_type=media, headers=headers)


def history_of(request: Request, snapshot: Snapshot) -> TrialHistory:
    """Return the trial that is asked for.

    Raises:
        NotFoundError: there is none.
    """
    number = request.path_params["number"]
    found = snapshot.by_number.get(number)
    if found is None:
        raise NotFoundError("There is no such trial here.")
    return found
