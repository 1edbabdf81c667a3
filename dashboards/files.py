"""What is taken away: figures, drawings and tables as files."""

import io
import re
from collections.abc import Mapping

import pandas as pd
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response

from dashboards import comparing
from dashboards.figure_table import MOST, figure_frame
from dashboards.live import TABLES, Snapshot
from dashboards.rendering import Rendering, history_of
from nas.errors import NotFoundError
from nas.report.document import figure_json
from nas.report.networks import drawing as drawing_of
from nas.report.sections import Section
from nas.tables.csv_text import to_csv

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class Files(Rendering):
    """Answers with files."""

    def figure(self, request: Request) -> Response:
        """A figure: as JSON to be drawn, as CSV, or as a page with its table."""
        snapshot, address = self.snapshot(request)
        name, _, kind = request.path_params["figure"].partition(".")
        figures, tag = self._sections(request, snapshot, address)
        found = figures.get(name)
        if found is None:
            raise NotFoundError("There is no such figure here.")
        if kind == "json":
            return self.answer(
                request, tag, lambda: str(figure_json(found.figure)), "application/json"
            )
        frame = figure_frame(found.figure)
        if kind == "csv":
            return self.answer(request, tag, lambda: to_csv(frame), "text/csv")
        listed = frame.head(MOST).itertuples(index=False)
        return self.page(
            request,
            "figure.html.j2",
            tag,
            **self.common(snapshot, address, ""),
            section=found,
            columns=list(frame.columns),
            rows=[["" if pd.isna(value) else value for value in row] for row in listed],
            of=len(frame),
            most=MOST,
            csv=f"{name}.csv" + (f"?{request.query_params}" if request.query_params else ""),
        )

    def drawing(self, request: Request) -> Response:
        """The networks of some layouts, or of a trial, as SVG."""
        snapshot, _ = self.snapshot(request)
        if "number" in request.path_params:
            trial = history_of(request, snapshot).trial
            drawing = drawing_of([history_of(request, snapshot)], (trial.label,))
        else:
            labels = comparing.chosen(snapshot.labels, request.query_params.getlist("l"))
            drawing = drawing_of(snapshot.histories, labels)
        if drawing is None:
            raise NotFoundError("There is no drawing of these.")
        answer = self.answer(request, snapshot.tag, lambda: drawing, "image/svg+xml")
        answer.headers["Content-Security-Policy"] = SVG_POLICY
        return answer

    def table(self, request: Request) -> Response:
        """A whole table as a file."""
        snapshot, address = self.snapshot(request)
        name, _, kind = request.path_params["table"].partition(".")
        if name not in TABLES or kind not in ("csv", "json", "parquet"):
            raise NotFoundError("There is no such table here.")
        with self.library.study(address).lock:
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

    def _sections(
        self, request: Request, snapshot: Snapshot, address: str
    ) -> tuple[Mapping[str, Section], str]:
        """Return the figures of a view by name, and the tag of what they were drawn of."""
        live = self.library.study(address)
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
                return snapshot.trial_figures(history_of(request, snapshot)), snapshot.tag
        return {}, snapshot.tag
