"""Asks MLflow before training what would else be said after it; without importing MLflow (3 s)."""

import base64
import json
import os
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from nas.errors import SpecError
from nas.spec.study import StudySpec
from nas.tracking.uri import redacted, refuse_secrets, resolve_uri, sqlite_file

_SECONDS = 5.0  # for the answer


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A tracking server has no business elsewhere."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        """Follow nothing."""


def check_tracking(spec: StudySpec, *, folder: Path, fresh: bool = True) -> str:
    """Return "", or a sentence on why MLflow takes nothing for now: training goes on all the same.

    A `fresh` spec holds no secrets, for it is written into the study. Databases on servers are not
    asked: their drivers come with MLflow.

    Raises:
        SpecError: ``tracking.uri`` cannot be used, or the experiment was deleted.
    """
    if fresh and spec.tracking.uri is not None:
        refuse_secrets(spec.tracking.uri)
    uri = resolve_uri(spec.tracking.uri, folder=folder)
    if uri is None:
        return ""
    name = spec.tracking.experiment or spec.name
    file = sqlite_file(uri)
    try:
        if file is not None:
            stage = _stage_in_file(file, name)
        elif uri.startswith("http"):
            stage = _stage_on_server(uri, name)
        else:
            return ""
    except (OSError, ValueError, sqlite3.Error) as error:
        reason = getattr(error, "reason", None) or error
        return (
            f"MLflow at {redacted(uri)} cannot be reached ({type(reason).__name__}): training goes "
            "on, and everything is sent once it is back, or by `nas sync`"
        )
    if stage == "deleted":
        raise SpecError(
            f"the MLflow experiment {name!r} at {redacted(uri)} was deleted: restore it (`mlflow "
            "experiments restore`), or set tracking.experiment to another name",
            key="tracking.experiment",
        )
    return ""


def _stage_in_file(file: Path, name: str) -> str:
    if not file.exists():
        return ""
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as database:
        there = "SELECT 1 FROM sqlite_master WHERE name = 'experiments'"
        if database.execute(there).fetchone() is None:
            return ""
        stage = "SELECT lifecycle_stage FROM experiments WHERE name = ?"
        return (database.execute(stage, [name]).fetchone() or [""])[0]


def _stage_on_server(uri: str, name: str) -> str:
    parts = urlsplit(uri)
    base = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    path = "api/2.0/mlflow/experiments/get-by-name"
    request = urllib.request.Request(
        f"{base.rstrip('/')}/{path}?experiment_name={quote(name, safe='')}"
    )
    user = unquote(parts.username or "") or os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = unquote(parts.password or "") or os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if user:
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {both}")
    elif token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(_NoRedirects()).open(request, timeout=_SECONDS) as answer:
            return json.load(answer)["experiment"].get("lifecycle_stage", "")
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:  # no such experiment yet
                return ""
            raise
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the answer is not MLflow's") from error
