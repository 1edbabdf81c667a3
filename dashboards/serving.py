"""Running the application: where it listens, and what it refuses to listen without."""

import ipaddress
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import uvicorn

from dashboards.app import create_app
from dashboards.guard import LEAST_TOKEN
from nas.errors import NotFoundError, SpecError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def read_token(file: Path) -> str:
    """Return the token of a file.

    Raises:
        NotFoundError: it cannot be read.
        SpecError: it is too short to keep anyone out, or everybody on this machine can read it.
    """
    try:
        token = file.read_text(encoding="utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(f"--token-file: {file}: {error}") from error
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable():
        raise SpecError(
            f"must hold {LEAST_TOKEN} characters of ASCII or more: (umask 077; python -c 'import "
            f"secrets; print(secrets.token_urlsafe(32))' > {file})",
            key="--token-file",
        )
    if mode & stat.S_IROTH:
        raise SpecError(f"everybody can read it: chmod 600 {file}", key="--token-file")
    return token


def listen(host: str, port: int, *, token: str | None) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        SpecError: others than this machine would reach it without a token, or it is in use.
    """
    if token is None and not _only_here(host):
        raise SpecError(
            f"{host} can be reached by other machines: add --token-file FILE", key="--host"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # who comes before the server is up waits for it
    except OSError as error:
        listening.close()
        raise SpecError(
            f"cannot listen at {host}:{port}: {error.strerror}; --port 0 takes a free one",
            key="--port",
        ) from error
    return listening


def serve(
    root: Path,
    listening: socket.socket,
    *,
    token: str | None,
    hosts: tuple[str, ...],
    prefix: str,
    ready: Callable[[str], None],
) -> None:
    """Show the studies under `root` until the process is asked to end; tell `ready` the address."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    # An address that means all addresses is nobody's name.
    names = {*hosts} if ipaddress.ip_address(host).is_unspecified else {shown, *hosts}
    app = create_app(root, token=token, hosts=names, prefix=prefix)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False
    )
    ready(f"http://{shown}:{port}{prefix}/")
    uvicorn.Server(config).run(sockets=[listening])


def _only_here(host: str) -> bool:
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
