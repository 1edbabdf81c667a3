"""Starts the tracking that a study's spec asks for, with MLflow quiet, offline and fast to fail."""

import logging
import os
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from nas.spec.study import StudySpec
from nas.study.records import Record
from nas.tracking.background import NullTracker, ThreadedTracker, Tracker
from nas.tracking.snapshots import SnapshotBuilder, StudyFacts, flat_params
from nas.tracking.uri import resolve_uri

EXTENDED = "nas.extended."  # before the key of a parameter that an extension changed
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",  # a tracking server has no business elsewhere
    # MLflow's own retries block for four minutes, and repeat a create_run whose answer was lost,
    # which makes a second run; ours look first.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds; a server may be slow without being down
    # The user watches the search's progress on the same terminal.
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """Set what MLflow reads when it is imported, where the user has not."""
    for name, value in _ENVIRONMENT.items():
        environment.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it narrates the making of each table


def open_tracker(
    spec: StudySpec,
    *,
    study_id: str,
    folder: Path,
    records: Iterable[Record] = (),
    begun: StudySpec | None = None,
) -> Tracker:
    """Start tracking; `records` are what the journal holds already.

    MLflow takes no other value for a parameter: those of a study that was extended are the ones it
    has `begun` with, and what is different now is a tag.

    Making MLflow's tables (3 to 10 s) happens in a thread. Importing MLflow (4 s) does not: Tune
    imports it as well, and two threads that import a package of circular imports can deadlock.

    Raises:
        SpecError: ``tracking.uri`` cannot be used.
    """
    uri = resolve_uri(spec.tracking.uri, folder=folder)
    if uri is None:
        return NullTracker()
    began_with = begun or spec
    params = flat_params(began_with)
    facts = StudyFacts(
        study_id=study_id,
        name=spec.name,
        folder=folder.absolute(),
        experiment=spec.tracking.experiment or spec.name,
        params=params,
        tags={
            f"{EXTENDED}{key}": value
            for key, value in flat_params(spec).items()
            if params.get(key) != value
        },
    )
    builder = SnapshotBuilder(records, attempts_allowed=began_with.resources.attempts)
    builder.release_running()
    prepare_environment(os.environ)  # here, not in the thread: setenv is not thread-safe
    from nas.tracking.mlflow_backend import MlflowBackend  # noqa: PLC0415 - 4 s, if at all

    return ThreadedTracker(builder, lambda: MlflowBackend(uri, facts), uri=uri)
