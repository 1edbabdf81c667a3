"""An S3 server on loopback: moto's, made to check and write as one, as real stores do."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@dataclass(kw_only=True)
class ObjectServer:
    """Where it listens; `refuse` has it answer what a test wants answered instead."""

    endpoint: str
    refuse: Callable[[dict[str, Any]], int | None] | None = None  # of a request: a status
    requests: int = 0

    def __post_init__(self) -> None:
        """Number the buckets."""
        self._buckets = count()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use it."""
        return {**_KEYS, "AWS_ENDPOINT_URL": self.endpoint}

    def new_bucket(self) -> str:
        """Make a bucket and return its URI."""
        name = f"bucket-{next(self._buckets)}"
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=name)
        client.close()
        return f"s3://{name}"


@contextmanager
def serving() -> Iterator[ObjectServer]:
    """Serve until the block ends."""
    # Moto refuses to start without keys, whatever a client sends.
    os.environ.update(_KEYS)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def answer(request: dict[str, Any], start: Any) -> Iterable[bytes]:
        server.requests += 1
        if server.refuse is not None and (status := server.refuse(request)) is not None:
            start(f"{status} Refused", [("Content-Length", "0")])
            return [b""]
        with one_at_a_time:
            return [b"".join(moto(request, start))]

    listening = make_server("127.0.0.1", 0, answer, threaded=True)
    server = ObjectServer(endpoint=f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
