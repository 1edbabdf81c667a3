"""What each address answers: a page, a figure, a table or a picture."""

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from coatnet.config import CoAtNetConfig
from dashboards import comparing
from dashboards.figure_table import MOST, figure_frame
from dashboards.leaders import leaders
from dashboards.library import Library
from dashboards.listing import VALUES, Wanted, trial_facts, trials_page
from dashboards.live import TABLES, Snapshot
from dashboards.queue import asked, queue
from nas.errors import NotFoundError
from nas.ranking.answer import also
from nas.ranking.scope import scope
from nas.report import words
from nas.report.document import figure_json
from nas.report.rungs import rung_cells
from nas.report.sections import Section
from nas.study.records import TrialHistory, TrialStatus
from nas.tables.csv_text import to_csv

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class Pages:
    """Answers about the studies of a library; `prefix` begins every address."""

    def __init__(self, library: Library, *, prefix: str = "", version: str = "") -> None:
        """Read the templates."""
        self._library, self._version = library, version
        self._templates = Environment(
            loader=PackageLoader("dashboards"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        own: dict[str, Any] = {"prefix": prefix, "version": version}
        self._templates.globals |= own

    def overview(self, request: Request) -> Response:
        """All studies."""
        rows = self._library.rows()
        marks = [f"{row.address} {row.snapshot and row.snapshot.tag} {row.error}" for row in rows]
        return self._page(request, "overview.html.j2", "\n".join(marks), rows=rows, study=None)

    def study(self, request: Request) -> Response:
        """A study: its answer first, then its layouts and all figures of the report."""
        snapshot, address = self._snapshot(request)
        ranking = snapshot.ranking
        drawn = self._library.study(address).figures()
        return self._page(
            request,
            "study.html.j2",
            f"{snapshot.tag} {drawn.tag}",
            **self._common(snapshot, address, "study"),
            also=also(ranking),
            scope=scope(ranking) if ranking.layouts else "",
            lead=words.lead(ranking),
            symbols=words.symbols(ranking),
            leaders=leaders(snapshot),
            relations=[
                (each.a, each.symbol.value, each.b, words.claim(each, ranking))
                for each in ranking.relations
            ],
            figures=list(drawn.sections.values()),
            drawn=drawn.tag,
        )

    def trials(self, request: Request) -> Response:
        """The trials of a study, filtered and sorted."""
        snapshot, address = self._snapshot(request)
        wanted = Wanted.of(request.query_params)
        return self._page(
            request,
            "trials.html.j2",
            snapshot.tag,
            **self._common(snapshot, address, "trials"),
            page=trials_page(snapshot.trials, wanted),
            wanted=wanted,
            values=list(VALUES),
            statuses=[status.value for status in TrialStatus],
        )

    def trial(self, request: Request) -> Response:
        """A trial."""
        snapshot, address = self._snapshot(request)
        history = _history(request, snapshot)
        trial = history.trial
        row = snapshot.trials[snapshot.trials["trial"] == trial.id].iloc[0]
        return self._page(
            request,
            "trial.html.j2",
            snapshot.tag,
            **self._common(snapshot, address, "trials"),
            history=history,
            facts=trial_facts(row),
            point=dict(trial.point or {}),
            recipe=dict(trial.recipe or {}),
            drawable=isinstance(trial.config, CoAtNetConfig),
            epochs=history.epochs[-50:],
            figures=list(snapshot.trial_figures(history).values()),
        )

    def compare(self, request: Request) -> Response:
        """Some layouts beside each other."""
        snapshot, address = self._snapshot(request)
        labels = comparing.chosen(snapshot.labels, request.query_params.getlist("l"))
        found = comparing.comparison(snapshot.histories, snapshot.ranking, labels)
        return self._page(
            request,
            "compare.html.j2",
            snapshot.tag,
            **self._common(snapshot, address, "compare"),
            found=found,
            drawn=comparing.drawing(snapshot.histories, labels) is not None,
            query=str(request.query_params),
            figures=[found.curves] if found.curves else [],
        )

    def search(self, request: Request) -> Response:
        """How a search went: rungs, fronts, what its choices did."""
        snapshot, address = self._snapshot(request)
        live = self._library.study(address)
        drawn = live.figures(of_search=True)
        with live.lock:
            rungs = snapshot.rungs
        return self._page(
            request,
            "search.html.j2",
            f"{snapshot.tag} {drawn.tag}",
            **self._common(snapshot, address, "search"),
            figures=list(drawn.sections.values()),
            drawn=drawn.tag,
            rungs=rung_cells(rungs) if rungs else [],
            rung_words=rungs.sentence if rungs else "",
            groups=[words.group_cells(group) for group in snapshot.ranking.groups],
        )

    def queue(self, request: Request) -> Response:
        """What runs and what waits, and why."""
        snapshot, address = self._snapshot(request)
        rows, count = queue(snapshot.study, snapshot.histories)
        return self._page(
            request,
            "queue.html.j2",
            f"{snapshot.tag} {[row.heard for row in rows]}",
            **self._common(snapshot, address, "queue"),
            rows=rows,
            count=count,
            asked=asked(snapshot.study.spec.resources),
            running=snapshot.study.running,
            place=snapshot.study.place,
        )

    def figure(self, request: Request) -> Response:
        """A figure: as JSON to be drawn, as CSV, or as a page with its table."""
        snapshot, address = self._snapshot(request)
        name, _, kind = request.path_params["figure"].partition(".")
        figures, tag = self._sections(request, snapshot, address)
        found = figures.get(name)
        if found is None:
            raise NotFoundError("There is no such figure here.")
        if kind == "json":
            return self._answer(
                request, tag, lambda: str(figure_json(found.figure)), "application/json"
            )
        frame = figure_frame(found.figure)
        if kind == "csv":
            return self._answer(request, tag, lambda: to_csv(frame), "text/csv")
        listed = frame.head(MOST).itertuples(index=False)
        return self._page(
            request,
            "figure.html.j2",
            tag,
            **self._common(snapshot, address, ""),
            section=found,
            columns=list(frame.columns),
            rows=[["" if pd.isna(value) else value for value in row] for row in listed],
            of=len(frame),
            most=MOST,
            csv=f"{name}.csv" + (f"?{request.query_params}" if request.query_params else ""),
        )

    def drawing(self, request: Request) -> Response:
        """The networks of some layouts, or of a trial, as SVG."""
        snapshot, _ = self._snapshot(request)
        if "number" in request.path_params:
            trial = _history(request, snapshot).trial
            drawing = comparing.drawing([_history(request, snapshot)], (trial.label,))
        else:
            labels = comparing.chosen(snapshot.labels, request.query_params.getlist("l"))
            drawing = comparing.drawing(snapshot.histories, labels)
        if drawing is None:
            raise NotFoundError("There is no drawing of these.")
        answer = self._answer(request, snapshot.tag, lambda: drawing, "image/svg+xml")
        answer.headers["Content-Security-Policy"] = SVG_POLICY
        return answer

    def table(self, request: Request) -> Response:
        """A whole table as a file."""
        snapshot, address = self._snapshot(request)
        name, _, kind = request.path_params["table"].partition(".")
        if name not in TABLES or kind not in ("csv", "json", "parquet"):
            raise NotFoundError("There is no such table here.")
        with self._library.study(address).lock:
            frame = snapshot.table(name)
        if kind == "parquet":
            buffer = io.BytesIO()
            pq.write_table(TABLES[name].arrow(frame), buffer)
            content, media = buffer.getvalue(), "application/vnd.apache.parquet"
        elif kind == "csv":
            content, media = to_csv(frame).encode("utf-8", "backslashreplace"), "text/csv"
        else:
            content, media = frame.to_json(orient="records").encode(), "application/json"
        safe = re.sub(r"[^A-Za-z0-9_-]", "-", address)
        return Response(
            content,
            media_type=media,
            headers={"Content-Disposition": f'attachment; filename="{safe}-{name}.{kind}"'},
        )

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

    def _snapshot(self, request: Request) -> tuple[Snapshot, str]:
        address = request.path_params["study"]
        return self._library.study(address).snapshot(), address

    def _sections(
        self, request: Request, snapshot: Snapshot, address: str
    ) -> tuple[Mapping[str, Section], str]:
        """Return the figures of a view by name, and the tag of what they were drawn of."""
        live = self._library.study(address)
        view = request.path_params.get("view")
        if view in (None, "search") and "number" not in request.path_params:
            drawn = live.figures(of_search=view == "search")
            return drawn.sections, drawn.tag
        with live.lock:
            if view == "compare":
                labels = comparing.chosen(snapshot.labels, request.query_params.getlist("l"))
                found = comparing.comparison(snapshot.histories, snapshot.ranking, labels)
                return {each.name: each for each in [found.curves] if each}, snapshot.tag
            if "number" in request.path_params:
                return snapshot.trial_figures(_history(request, snapshot)), snapshot.tag
        return {}, snapshot.tag

    def _common(self, snapshot: Snapshot, address: str, tab: str) -> dict[str, Any]:
        return {
            "study": address,
            "tab": tab,
            "name": snapshot.study.spec.name,
            "snapshot": snapshot,
            "ranking": snapshot.ranking,
        }

    def _page(self, request: Request, template: str, mark: str, **values: Any) -> Response:
        def text() -> str:
            return self._templates.get_template(template).render(**values)

        return self._answer(request, mark, text, "text/html")

    def _answer(self, request: Request, mark: str, text: Callable[[], str], media: str) -> Response:
        """Return the answer, or that it is what the asker has."""
        seed = f"{self._version} {request.url.path} {request.url.query} {mark}"
        tag = f'"{hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:24]}"'
        headers = {"ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = text().encode("utf-8", "backslashreplace")
        return Response(content, media_type=media, headers=headers)


def _history(request: Request, snapshot: Snapshot) -> TrialHistory:
    number = request.path_params["number"]
    found = snapshot.by_number.get(number)
    if found is None:
        raise NotFoundError("There is no such trial here.")
    return found
