"""The one file that talks to MLflow: brings its runs up to date with a snapshot of the study.

Every call may be repeated, by another process, after a kill at any line: runs are found again by
their tags, which are written in the same transaction as the run; an epoch's metrics are written in
one transaction too, and rows sent twice are one row in MLflow's database.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities import Experiment, Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from nas.errors import NasError
from nas.ranking.result import Ranking
from nas.tracking import rows
from nas.tracking.mlflow_database import make_database
from nas.tracking.saved_charts import saved_charts
from nas.tracking.snapshots import StudyFacts, StudySnapshot, TrialSnapshot
from nas.tracking.uri import is_sql, sqlite_file

_ROWS_PER_BATCH = 1000  # MLflow's limit; a batch holds whole epochs
_NOT_IN_KEYS = re.compile(r"[^/\w.\- :]")  # MLflow's rule for names of parameters and metrics
_LONGEST_PARAM = 6000


@dataclass(kw_only=True, slots=True)
class _Known:
    """What MLflow has of one run, as far as this process knows."""

    run_id: str
    status: str
    end_time: int | None
    epochs: int
    params: frozenset[str]
    tags: dict[str, str]
    synced: TrialSnapshot | None = None  # the newest of which it has all


class MlflowBackend:
    """One study's runs: a parent for the study, a child for each trial."""

    def __init__(self, uri: str, facts: StudyFacts) -> None:
        self._facts = facts
        file = sqlite_file(uri)
        if file is not None:
            make_database(file)
        self._client = MlflowClient(tracking_uri=uri)
        self._is_sql = is_sql(uri)
        self._experiment_id: str | None = None
        self._runs: dict[str, _Known] = {}  # by trial id; "" is the study's own
        self._stale = True  # what MLflow has is not known: read it back before writing
        self._charts_offered = False

    @property
    def experiment_id(self) -> str | None:
        """MLflow's number of the experiment; None before it was reached."""
        return self._experiment_id

    @property
    def epochs_taken(self) -> int:
        """Epochs that MLflow is known to have."""
        return sum(run.epochs for run in self._runs.values())

    def sync(self, snapshot: StudySnapshot) -> None:
        """Send what MLflow lacks of `snapshot`; the study's run shows as running.

        Raises:
            MlflowException: MLflow did not take something; the next call starts from what it has.
            NasError: the experiment was deleted in MLflow.
        """
        try:
            runs = self._reach()
            self._offer_charts(snapshot)
            parent = self._parent(runs, snapshot)
            self._set_status(parent, status="RUNNING", ended=None)
            for trial in snapshot.trials:
                self._sync_trial(runs, parent, trial)
        except Exception:
            self._stale = True
            raise

    def finish(
        self, snapshot: StudySnapshot, *, ranking: Ranking | None, artifacts: Sequence[Path] = ()
    ) -> None:
        """Send all of `snapshot` and close the study's run: finished if it ended, else killed.

        Raises:
            MlflowException: MLflow did not take something.
            NasError: the experiment was deleted in MLflow.
        """
        self._stale = True  # a slow server may have made a run twice after it was last asked
        self.sync(snapshot)
        parent = self._runs[""]
        if snapshot.ended is not None and ranking is not None:
            self._log_ranking(parent, ranking, snapshot)
        for path in artifacts:
            self._client.log_artifact(parent.run_id, str(path))
        status = "KILLED" if snapshot.ended is None else "FINISHED"
        self._set_status(parent, status=status, ended=snapshot.ended or snapshot.last)

    # Finding what is there

    def _reach(self) -> dict[str, _Known]:
        if self._experiment_id is None:
            self._experiment_id = self._experiment().experiment_id
        if self._stale:
            self._runs = self._read_back(self._experiment_id)
            self._stale = False
        return self._runs

    def _experiment(self) -> Experiment:
        name = self._facts.experiment
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            # Without a server MLflow would put artifacts under the current folder.
            place = (self._facts.folder.absolute() / "mlflow-artifacts").as_uri()
            try:
                self._client.create_experiment(
                    name,
                    artifact_location=place if self._is_sql else None,
                    # Opens MLflow's pages on training runs instead of language model traces.
                    tags={"mlflow.experimentKind": "custom_model_development"},
                )
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            experiment = self._client.get_experiment_by_name(name)
        if experiment is None or experiment.lifecycle_stage != "active":
            raise NasError(
                f"the MLflow experiment {name!r} was deleted: restore it, or set "
                "tracking.experiment to another name"
            )
        return experiment

    def _read_back(self, experiment_id: str) -> dict[str, _Known]:
        found: dict[str, list[_Known]] = {}
        for run in self._search(experiment_id):
            known = _known(run)
            found.setdefault(known.tags.get(rows.TRIAL_ID, ""), []).append(known)
        runs: dict[str, _Known] = {}
        for trial_id, copies in found.items():
            # A server that answered too late, or a second writer, may have made a run twice.
            # The fullest is kept; of equals, any process must keep the same.
            runs[trial_id], *others = sorted(copies, key=lambda run: (-run.epochs, run.run_id))
            for other in others:
                self._client.delete_run(other.run_id)
        return runs

    def _search(self, experiment_id: str) -> Iterable[Run]:
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [experiment_id],
                filter_string=f"tags.`{rows.STUDY_ID}` = '{self._facts.study_id}'",
                run_view_type=ViewType.ACTIVE_ONLY,
                max_results=1000,
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    # Writing what is missing

    def _offer_charts(self, snapshot: StudySnapshot) -> None:
        if self._charts_offered:
            return
        assert self._experiment_id is not None
        there = self._client.get_experiment(self._experiment_id).tags
        at = rows.milliseconds(snapshot.started or 0.0)
        charts = saved_charts(study_id=self._facts.study_id, name=self._facts.name, at=at)
        for key, value in charts.items():
            if key not in there:
                self._client.set_experiment_tag(self._experiment_id, key, value)
        self._charts_offered = True

    def _parent(self, runs: dict[str, _Known], snapshot: StudySnapshot) -> _Known:
        if "" not in runs:
            tags = {
                rows.KIND: "study",
                rows.STUDY_ID: self._facts.study_id,
                "nas.study": self._facts.name,
                "nas.folder": str(self._facts.folder),
            }
            runs[""] = self._create(self._facts.name, tags=tags, started=snapshot.started)
        self._send(runs[""], params=self._facts.params, tags=self._facts.tags)
        return runs[""]

    def _sync_trial(self, runs: dict[str, _Known], parent: _Known, trial: TrialSnapshot) -> None:
        history = trial.history
        key = history.trial.id
        if trial.started is None:
            return  # planned only: a large grid would bury the trials that run
        if key not in runs:
            tags = rows.trial_tags(history.trial, self._facts) | {rows.PARENT: parent.run_id}
            runs[key] = self._create(key, tags=tags, started=trial.started)
        run = runs[key]
        if run.synced is trial:
            return
        self._send(
            run,
            params=rows.trial_params(history.trial),
            tags=rows.status_tags(history, there=run.tags) | {rows.PARENT: parent.run_id},
            epochs=list(rows.epoch_rows(history, after=run.epochs)),
        )
        self._set_status(run, status=rows.RUN_STATUS[history.status], ended=trial.ended)
        run.synced = trial

    def _create(self, name: str, *, tags: dict[str, str], started: float | None) -> _Known:
        assert self._experiment_id is not None
        start = None if started is None else rows.milliseconds(started)
        tags = {"mlflow.user": rows.user(), "mlflow.source.name": "nas", **tags}
        return _known(
            self._client.create_run(self._experiment_id, start_time=start, tags=tags, run_name=name)
        )

    def _send(
        self,
        run: _Known,
        *,
        params: Mapping[str, str],
        tags: Mapping[str, str] | None = None,
        epochs: Sequence[list[rows.Row]] = (),
    ) -> None:
        new_params = {_key(k): v for k, v in params.items() if _key(k) not in run.params}
        new_tags = {k: v for k, v in (tags or {}).items() if run.tags.get(k, "") != v}
        batches = _in_batches(epochs)
        for batch in batches[:-1]:
            self._client.log_batch(run.run_id, metrics=_metrics(batch))
        self._client.log_batch(
            run.run_id,
            metrics=_metrics(batches[-1]),
            params=[Param(k, v[:_LONGEST_PARAM]) for k, v in new_params.items()],
            tags=[RunTag(k, v) for k, v in new_tags.items()],
        )
        run.params |= new_params.keys()
        run.tags |= new_tags
        run.epochs += len(epochs)

    def _set_status(self, run: _Known, *, status: str, ended: float | None) -> None:
        if status in ("RUNNING", "SCHEDULED"):
            # MLflow takes no end time back: a run that goes on shows its last until the next.
            if run.status != status:
                self._client.update_run(run.run_id, status=status)
            run.status = status
            return
        end_time = None if ended is None else rows.milliseconds(ended)
        if (run.status, run.end_time) != (status, end_time):
            self._client.set_terminated(run.run_id, status=status, end_time=end_time)
        run.status, run.end_time = status, end_time

    def _log_ranking(self, parent: _Known, ranking: Ranking, snapshot: StudySnapshot) -> None:
        assert snapshot.ended is not None
        at, step = rows.milliseconds(snapshot.ended), len(snapshot.trials)
        values = {f"ranking/{ranking.metric.value}/{s.label}": s.score for s in ranking.layouts}
        tags = rows.ranking_tags(ranking)
        self._client.log_batch(
            parent.run_id,
            metrics=[Metric(_key(k), v, at, step) for k, v in values.items()],
            tags=[RunTag(k, v) for k, v in tags.items() if parent.tags.get(k) != v],
        )


def _known(run: Run) -> _Known:
    return _Known(
        run_id=run.info.run_id,
        status=run.info.status,
        end_time=run.info.end_time,
        epochs=int(run.data.metrics.get(rows.EPOCH, 0)),
        params=frozenset(run.data.params),
        tags=dict(run.data.tags),
    )


def _in_batches(epochs: Sequence[list[rows.Row]]) -> list[list[rows.Row]]:
    batches: list[list[rows.Row]] = [[]]
    for epoch in epochs:
        if len(batches[-1]) + len(epoch) > _ROWS_PER_BATCH - 200:  # leaves room for params and tags
            batches.append([])
        batches[-1].extend(epoch)
    return batches


def _metrics(batch: Iterable[rows.Row]) -> list[Metric]:
    return [Metric(row.key, row.value, row.timestamp, row.step) for row in batch]


def _key(name: str) -> str:
    return _NOT_IN_KEYS.sub(":", name)
