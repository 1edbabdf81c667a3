"""Where a cluster takes jobs: the URL of its dashboard, and the token that it wants."""

import ipaddress
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from nas.errors import NoClusterError, SpecError

ADDRESSES = ("RAY_API_SERVER_ADDRESS", "RAY_DASHBOARD_ADDRESS")
PORT = 8265
PROBE_SECONDS = 2.0
TOKEN = (
    "RAY_AUTH_MODE=token and the cluster's token in RAY_AUTH_TOKEN, or its file in "
    "RAY_AUTH_TOKEN_PATH"
)


def job_address(given: str | None) -> str:
    """Return the URL of a cluster's dashboard: as given, else from the environment.

    Raises:
        SpecError: none is given, or it is not one.
    """
    found = given or next((value for key in ADDRESSES if (value := os.environ.get(key))), "")
    if not found:
        raise SpecError(
            f"is needed: http://HEAD:{PORT}, or in {ADDRESSES[0]}; without a cluster use "
            "`nas search`",
            key="--address",
        )
    url = urlsplit(found if "://" in found else f"http://{found}")
    try:
        port = url.port or (443 if url.scheme == "https" else PORT)
    except ValueError:
        port = None
    if url.scheme not in ("http", "https") or not url.hostname or port is None or url.query:
        raise SpecError(
            f"must be the dashboard's, http://HEAD:{PORT}, not {found!r}", key="--address"
        )
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}:{port}{url.path.rstrip('/')}"


def probe(address: str) -> None:
    """Check that somebody listens: in two seconds, where an HTTP client would wait for minutes.

    Raises:
        NoClusterError: nobody does.
    """
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname, url.port), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise NoClusterError(
            f"no dashboard of a Ray cluster at {address}: {error.strerror or error}; `ray start "
            f"--head` prints its address, and --dashboard-host lets others reach it"
        ) from error


def pass_token_on(address: str) -> None:
    """Have Ray's client send a token that is there: it does only where RAY_AUTH_MODE says so."""
    if "RAY_AUTH_MODE" in os.environ:
        return
    named = any(os.environ.get(key) for key in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    # The token of this machine's clusters is for no other machine to see.
    if named or (is_loopback(address) and Path("~/.ray/auth_token").expanduser().is_file()):
        os.environ["RAY_AUTH_MODE"] = "token"


def is_loopback(address: str) -> bool:
    """Return whether the URL is of this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
