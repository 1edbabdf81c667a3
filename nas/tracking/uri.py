"""The tracking URI: checked, shown without secrets, opened in a browser."""

import os
import re
import shlex
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from nas.errors import SpecError
from nas.spec.paths import local_path
from nas.tracking.saved_charts import layouts_key

OFF = "off"
_SQL_SCHEMES = frozenset({"sqlite", "postgresql", "mysql"})
_SCHEMES = _SQL_SCHEMES | {"http", "https"}
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")  # to a variable of the environment
_SECRET_KEY = re.compile(r"pass|pwd|token|secret|key$", re.IGNORECASE)
_SQLITE_FILE = re.compile(r"sqlite:///(?P<path>[^?]+)")


def resolve_uri(uri: str | None, *, folder: Path) -> str | None:
    """Return the tracking URI to use, made absolute, or None where tracking is off.

    Raises:
        SpecError: MLflow or this program cannot keep a study there.
    """
    if uri is None:
        return f"sqlite:///{folder.absolute() / 'mlflow.db'}"
    if uri == OFF:
        return None
    try:
        scheme, host = _scheme(uri), urlsplit(uri).hostname
    except ValueError as error:
        raise SpecError(f"{error}: this is not a URI", key="tracking.uri") from None
    if scheme not in _SCHEMES:
        raise SpecError(
            f"{redacted(uri)!r} cannot be used: MLflow's file store is closed and this program "
            "knows sqlite:///FILE, postgresql://, mysql://, http:// and https://; leave the key "
            "out for a database inside the study, or write off",
            key="tracking.uri",
        )
    if scheme == "sqlite":
        return _absolute_sqlite(uri)
    if not host:
        raise SpecError(f"{redacted(uri)!r} names no host", key="tracking.uri")
    return _with_secrets(uri)


def refuse_secrets(uri: str) -> None:
    """Refuse a URI that holds a password itself: it is written into the study, for all to read.

    Raises:
        SpecError: it does; the message says what to write, and not the password.
    """
    try:
        parts = urlsplit(uri)
        secret = parts.password if parts.password is not None else _token(parts)
    except ValueError:
        return  # no URI: told by `resolve_uri`
    in_query = any(_SECRET_KEY.search(key) for key, _ in parse_qsl(parts.query))
    if in_query or (secret and not _REFERENCE.fullmatch(secret)):
        raise SpecError(
            f"{redacted(uri)!r} holds a password, which would be written into the study: export it "
            "as a variable and name that, such as https://USER:$MLFLOW_PASSWORD@HOST (in single "
            "quotes on a command line)",
            key="tracking.uri",
        )


def _token(parts: SplitResult) -> str | None:
    """Return the user's name where it can only be a token: a server asks for a password too."""
    return parts.username if parts.scheme in ("http", "https") else None


def _with_secrets(uri: str) -> str:
    """Return the URI with the variables of the environment that its user and password name."""
    parts = urlsplit(uri)
    login, at, host = parts.netloc.rpartition("@")

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise SpecError(
                f"{redacted(uri)!r} wants the variable {name}, which is not set: export {name}=...",
                key="tracking.uri",
            )
        return quote(os.environ[name], safe="")

    return parts._replace(netloc=_REFERENCE.sub(value, login) + at + host).geturl() if at else uri


def _absolute_sqlite(uri: str) -> str:
    match = _SQLITE_FILE.match(uri)
    if match is None or match["path"] == ":memory:":
        raise SpecError(
            f"{uri!r} names no file: write sqlite:///FILE (four slashes for an absolute path)",
            key="tracking.uri",
        )
    path = local_path(match["path"], key="tracking.uri").absolute()
    return f"sqlite:///{path}{uri[match.end() :]}"


def redacted(uri: str) -> str:
    """Return `uri` without user, password and query, which may be secrets; safe to print."""
    if uri.startswith("sqlite:"):
        return uri
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    hidden = "***@" if "@" in parts.netloc else ""
    return parts._replace(netloc=hidden + host, query="", fragment="").geturl()


def without_secrets(text: str, *, uri: str) -> str:
    """Return `text`, such as an error message, with the secrets of `uri` taken out."""
    parts = urlsplit(uri)
    password = parts.password or ""
    login = parts.netloc.rpartition("@")[0]
    secrets = {uri, login, password, unquote(password), parts.query}
    for secret in sorted((s for s in secrets if s), key=len, reverse=True):
        text = text.replace(secret, redacted(uri) if secret == uri else "***")
    return text


def ui_command(uri: str, *, port: int = 5000) -> str:
    """Return the command that opens MLflow's pages for `uri` on loopback; for a server, its URL."""
    if not is_sql(uri):
        return redacted(uri)
    # MLflow allows every private address as Host by default, and by prefix: a page at
    # 10.attacker.example could then read the study through the user's browser.
    hosts = f"localhost:{port},127.0.0.1:{port}"
    words = ["mlflow", "ui", "--backend-store-uri", redacted(uri), "--host", "127.0.0.1"]
    # One process: MLflow's four take 250 MB each and serve a single person no faster.
    return shlex.join([*words, "--port", str(port), "--allowed-hosts", hosts, "--workers", "1"])


def charts_link(uri: str, *, experiment_id: str, study_id: str, port: int = 5000) -> str:
    """Return the address of the study's layouts, as mean curves, in MLflow's pages."""
    base = f"http://127.0.0.1:{port}" if is_sql(uri) else redacted(uri).rstrip("/")
    # No filter of its own: MLflow ignores the saved charts of a link that has one.
    return (
        f"{base}/#/experiments/{experiment_id}/runs?workflowType=machine_learning"
        f"&compareRunsMode=CHART&viewStateShareKey={layouts_key(study_id)}"
    )


def sqlite_file(uri: str) -> Path | None:
    """Return the file that a resolved URI names; None where the database is no file."""
    match = _SQLITE_FILE.match(uri)
    return None if match is None else Path(match["path"])


def is_sql(uri: str) -> bool:
    """Tell a database, which this program opens itself, from a server."""
    return _scheme(uri) in _SQL_SCHEMES


def _scheme(uri: str) -> str:
    return urlsplit(uri).scheme.partition("+")[0].lower()
