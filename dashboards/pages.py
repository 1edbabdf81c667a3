"""What each page says."""

from starlette.requests import Request
from starlette.responses import Response

from coatnet.config import CoAtNetConfig
from dashboards import comparing
from dashboards.leaders import leaders
from dashboards.listing import VALUES, Wanted, trial_facts, trials_page
from dashboards.queue import asked, queue
from dashboards.rendering import Rendering, history_of
from nas.ranking.answer import also
from nas.ranking.scope import scope
from nas.report import words
from nas.report.networks import drawing
from nas.report.rungs import rung_cells
from nas.study.records import TrialStatus


class Pages(Rendering):
    """Answers with pages."""

    def overview(self, request: Request) -> Response:
        """All studies."""
        rows = self.library.rows()
        marks = [f"{row.address} {row.snapshot and row.snapshot.tag} {row.error}" for row in rows]
        return self.page(request, "overview.html.j2", "\n".join(marks), rows=rows, study=None)

    def study(self, request: Request) -> Response:
        """A study: its answer first, then its layouts and all figures of the report."""
        snapshot, address = self.snapshot(request)
        ranking = snapshot.ranking
        drawn = self.library.study(address).figures()
        return self.page(
            request,
            "study.html.j2",
            f"{snapshot.tag} {drawn.tag}",
            **self.common(snapshot, address, "study"),
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
        snapshot, address = self.snapshot(request)
        wanted = Wanted.of(request.query_params)
        return self.page(
            request,
            "trials.html.j2",
            snapshot.tag,
            **self.common(snapshot, address, "trials"),
            page=trials_page(snapshot.trials, wanted),
            wanted=wanted,
            values=list(VALUES),
            statuses=[status.value for status in TrialStatus],
        )

    def trial(self, request: Request) -> Response:
        """A trial."""
        snapshot, address = self.snapshot(request)
        history = history_of(request, snapshot)
        trial = history.trial
        row = snapshot.trials[snapshot.trials["trial"] == trial.id].iloc[0]
        return self.page(
            request,
            "trial.html.j2",
            snapshot.tag,
            **self.common(snapshot, address, "trials"),
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
        snapshot, address = self.snapshot(request)
        labels = comparing.chosen(snapshot.labels, request.query_params.getlist("l"))
        found = comparing.comparison(snapshot.histories, snapshot.ranking, labels)
        return self.page(
            request,
            "compare.html.j2",
            snapshot.tag,
            **self.common(snapshot, address, "compare"),
            found=found,
            drawn=drawing(snapshot.histories, labels) is not None,
            query=str(request.query_params),
            figures=[found.curves] if found.curves else [],
        )

    def search(self, request: Request) -> Response:
        """How a search went: rungs, fronts, what its choices did."""
        snapshot, address = self.snapshot(request)
        live = self.library.study(address)
        drawn = live.figures(of_search=True)
        with live.lock:
            rungs = snapshot.rungs
        return self.page(
            request,
            "search.html.j2",
            f"{snapshot.tag} {drawn.tag}",
            **self.common(snapshot, address, "search"),
            figures=list(drawn.sections.values()),
            drawn=drawn.tag,
            rungs=rung_cells(rungs) if rungs else [],
            rung_words=rungs.sentence if rungs else "",
            groups=[words.group_cells(group) for group in snapshot.ranking.groups],
        )

    def queue(self, request: Request) -> Response:
        """What runs and what waits, and why."""
        snapshot, address = self.snapshot(request)
        rows, count = queue(snapshot.study, snapshot.histories)
        return self.page(
            request,
            "queue.html.j2",
            f"{snapshot.tag} {[row.heard for row in rows]}",
            **self.common(snapshot, address, "queue"),
            rows=rows,
            count=count,
            asked=asked(snapshot.study.spec.resources),
            running=snapshot.study.running,
            place=snapshot.study.place,
        )
