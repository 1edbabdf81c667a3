"""Reaching Ray: join the cluster that was named, or start one for this process alone."""

import logging
import os
import secrets
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from nas.errors import NoClusterError
from nas.spec.resources import Node, ResourcesSpec, at_once

PROBE_SECONDS = 2.0
MOST_PENDING = 8  # trials that wait for their worker
T = TypeVar("T")


def connect(address: str | None) -> bool:
    """Connect this process to Ray; return False where it was connected already, as a notebook is.

    `address` is ``HOST:PORT`` or ``ray://HOST:PORT``; None takes RAY_ADDRESS, and without it starts
    Ray in this machine, on loopback only, until `disconnect`.

    Raises:
        NoClusterError: nobody answers there.
    """
    address = address or os.environ.get("RAY_ADDRESS") or None
    _prepare_environment(local=address is None)
    import ray  # noqa: PLC0415 - reads its environment at import

    if address is None and ray.is_initialized():
        return False
    if address is None:
        with _handler_kept():
            ray.init(
                address="local",
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
            )
    else:
        found = _running() if address == "auto" else address
        _probe(found)
        try:
            with _handler_kept():
                ray.init(address=found, log_to_driver=False, logging_level=logging.ERROR)
        except (
            ConnectionError,
            RuntimeError,
            ValueError,
            ray.exceptions.AuthenticationError,
        ) as error:
            first = str(error).strip().splitlines()[0]
            raise NoClusterError(
                f"no Ray cluster at {found} takes us: {first}; a cluster with token "
                "authentication needs RAY_AUTH_MODE=token, and its token in RAY_AUTH_TOKEN or "
                "~/.ray/auth_token"
            ) from error
    return True


@contextmanager
def _handler_kept() -> Iterator[None]:
    """Ray has SIGTERM end the process without a word; whoever handled it before goes on to."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if callable(before) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def disconnect() -> None:
    """Leave the cluster, or end the Ray of this machine and remove its folder of sockets, logs."""
    import ray  # noqa: PLC0415 - reads its environment at import
    from ray._private import worker  # noqa: PLC0415 - nothing public knows the folder

    node = worker._global_node  # noqa: SLF001
    ours = Path(node.get_session_dir_path()) if node is not None and node.head else None
    ray.shutdown()
    if ours is not None:
        shutil.rmtree(ours, ignore_errors=True)
        latest = ours.parent / "session_latest"
        if latest.is_symlink() and not latest.exists():
            latest.unlink(missing_ok=True)


def _prepare_environment(*, local: bool) -> None:
    """Settings that Ray reads at import; a user's own setting wins."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")  # see stop_signals
    # Tune's snapshots are never read: the journal is the truth.
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "86400")
    # Tune would start one trial at a time; see `ray_tune`, which asks for as many as have room.
    os.environ.setdefault("TUNE_MAX_PENDING_TRIALS_PG", str(MOST_PENDING))
    if local:
        # Without it Ray listens on all interfaces of a Linux machine.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        # A head of our own that is gone never comes back: Ray would wait a minute for it.
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "20")
        _token_without_home()


def _token_without_home() -> None:
    """Give this process a token where Ray could not write one into the home folder."""
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return
    try:
        folder = Path.home() / ".ray"
        folder.mkdir(exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except (OSError, RuntimeError):  # no home at all
        writable = False
    if not writable:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _running() -> str:
    """Return the address of the cluster that "auto" means, as Ray finds it: on this machine."""
    from ray._private import services  # noqa: PLC0415 - nothing public tells it without connecting

    try:
        found = services.canonicalize_bootstrap_address("auto")
    except ConnectionError as error:
        raise NoClusterError(
            "address 'auto': no Ray runs on this machine; start one, name HOST:PORT, or leave "
            "--address and RAY_ADDRESS unset to run on this machine alone"
        ) from error
    assert found is not None, "it raises where it finds none"
    return found


def _probe(address: str) -> None:
    """Ray retries a dead address for minutes; a plain connection tells in two seconds."""
    if address == "local":
        return
    url = urlsplit(address if "://" in address else f"ray-gcs://{address}")
    try:
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise NoClusterError(f"address {address!r} must be HOST:PORT or ray://HOST:PORT")
    try:
        socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise NoClusterError(
            f"no Ray cluster at {address}: {error.strerror or error}; start one, or leave "
            "--address and RAY_ADDRESS unset to run on this machine"
        ) from error


def check_fits(resources: ResourcesSpec) -> None:
    """Check that a node of the cluster can hold a trial: Tune would wait for ever for one.

    Raises:
        NoClusterError: none can.
    """
    import ray  # noqa: PLC0415 - reads its environment at import

    _check_fits(ray.nodes(), resources)


def nodes() -> list[Node]:
    """Return what every node that is alive has."""
    import ray  # noqa: PLC0415 - reads its environment at import

    return _alive(ray.nodes())


def call(
    function: Callable[..., T], *arguments: object, resources: ResourcesSpec, **named: object
) -> T:
    """Return what the function does in a worker that has what a trial is given.

    Raises:
        Exception: what the function raised.
    """
    import ray  # noqa: PLC0415 - reads its environment at import

    remote = ray.remote(
        num_cpus=resources.cpus,
        num_gpus=resources.gpus,
        memory=resources.memory or 0,
        max_retries=0,
    )(function)
    try:
        return ray.get(remote.remote(*arguments, **named))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error


def free_and_total() -> tuple[Node, Node]:
    """Return what the whole cluster has free, and has."""
    import ray  # noqa: PLC0415 - reads its environment at import

    return _node(ray.available_resources()), _node(ray.cluster_resources())


def fits(nodes: list[dict], resources: ResourcesSpec) -> bool:
    """Tell whether Ray's nodes can hold a trial when nothing else runs there."""
    return at_once(_alive(nodes), resources.model_copy(update={"concurrent": None})) > 0


def _alive(nodes: list[dict]) -> list[Node]:
    return [_node(node["Resources"]) for node in nodes if node["Alive"]]


def _node(resources: Mapping[str, float]) -> Node:
    get = resources.get
    return Node(cpus=get("CPU", 0.0), gpus=get("GPU", 0.0), memory=get("memory", 0.0))


def _lacks(node: Node, resources: ResourcesSpec) -> list[float]:
    """Return the shares that a node lacks of what is asked for."""
    pairs = zip(node, resources.asked, strict=True)
    return [max(0.0, 1 - has / of) if of else 0.0 for has, of in pairs]


def _check_fits(nodes: list[dict], resources: ResourcesSpec) -> None:
    if fits(nodes, resources):
        return
    alive = _alive(nodes)
    alone = resources.model_copy(update={"workers": 1, "concurrent": None})
    if (places := at_once(alive, alone)) > 0:
        raise NoClusterError(
            f"a trial asks for {resources.workers} workers of {resources.words(resources.asked)} "
            f"each; the cluster has room for {places}; lower resources.workers"
        )
    nearest = min(alive, key=lambda node: sum(_lacks(node, resources)), default=Node(memory=0.0))
    lacking = [
        f"resources.{name}"
        for name, lacks in zip(Node._fields, _lacks(nearest, resources), strict=True)
        if lacks
    ]
    raise NoClusterError(
        f"a trial asks for {resources.words(resources.asked)} on one node; of {len(alive)} the "
        f"nearest to it has {resources.words(nearest)}; lower {' and '.join(lacking)}"
    )
