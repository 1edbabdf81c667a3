"""Keeps a backend up to date from a thread of its own, so that no trial ever waits for MLflow.

The outbox is the journal: the thread folds the same records as everyone else and asks the backend
to send whatever it lacks, so an outage of any length loses nothing and needs no file.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from nas.ranking.result import Ranking
from nas.study.records import Record
from nas.tracking.snapshots import SnapshotBuilder, StudySnapshot
from nas.tracking.uri import without_secrets

_SLICE = 0.2  # seconds
_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What the thread needs of a backend; all methods may raise anything, at any line."""

    @property
    def experiment_id(self) -> str | None:
        """The backend's number of the experiment; None before it was reached."""
        ...

    @property
    def epochs_taken(self) -> int:
        """Epochs the backend is known to have."""
        ...

    def sync(self, snapshot: StudySnapshot) -> None:
        """Send what the backend lacks."""
        ...

    def finish(
        self, snapshot: StudySnapshot, *, ranking: Ranking | None, artifacts: Sequence[Path] = ()
    ) -> None:
        """Send all, and that nothing more comes."""
        ...


Waiting = Callable[[float, str], None]  # is told for how many seconds at most, and what is wrong


class Tracker(Protocol):
    """What the driver needs of tracking."""

    @property
    def experiment_id(self) -> str | None:
        """MLflow's number of the experiment; None before it was reached."""
        ...

    def observe(self, record: Record) -> None:
        """Take a record that the journal holds; returns at once and never raises."""
        ...

    def close(
        self,
        *,
        deadline_s: float,
        ranking: Ranking | None = None,
        artifacts: Sequence[Path] = (),
        waiting: Waiting | None = None,
    ) -> str:
        """Send the rest within `deadline_s` seconds; return "" or a sentence on what is missing."""
        ...


class NullTracker:
    """Tracking turned off."""

    experiment_id: str | None = None

    def observe(self, record: Record) -> None:
        """Forget the record."""

    def close(
        self,
        *,
        deadline_s: float,
        ranking: Ranking | None = None,
        artifacts: Sequence[Path] = (),
        waiting: Waiting | None = None,
    ) -> str:
        """Return "": nothing is missing."""
        return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often the thread writes, in seconds."""

    batch: float = 1.0  # records are gathered for so long
    first_retry: float = 1.0  # doubled after every failure ...
    longest_retry: float = 30.0  # ... up to this
    patience: float = 2.0  # of a close, before it says that it waits


@dataclass(frozen=True, kw_only=True, slots=True)
class _Closing:
    ranking: Ranking | None
    artifacts: tuple[Path, ...]


class ThreadedTracker:
    """Owns a backend and the only thread that uses it."""

    def __init__(
        self,
        builder: SnapshotBuilder,
        open_backend: Callable[[], Backend],
        *,
        uri: str,
        pace: Pace | None = None,
    ) -> None:
        self._builder = builder  # the thread's from here on
        self._open_backend = open_backend
        self._uri = uri
        self._pace = pace or Pace()
        self._inbox: SimpleQueue[Record | _Closing] = SimpleQueue()
        self._hurry = threading.Event()
        self._abandoned = threading.Event()
        self._backend: Backend | None = None
        self._closing: _Closing | None = None
        self._trouble = ""
        self._complete = False
        self._seen = self._taken = 0
        self._thread = threading.Thread(target=self._run, name="nas-tracking", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why the newest attempt failed; "" when all is well."""
        return self._trouble

    @property
    def experiment_id(self) -> str | None:
        """MLflow's number of the experiment; None before it was reached."""
        backend = self._backend
        return None if backend is None else backend.experiment_id

    def observe(self, record: Record) -> None:
        """Take a record that the journal holds; returns at once and never raises."""
        self._inbox.put(record)

    def close(
        self,
        *,
        deadline_s: float,
        ranking: Ranking | None = None,
        artifacts: Sequence[Path] = (),
        waiting: Waiting | None = None,
    ) -> str:
        """Send the rest within `deadline_s` seconds; return "" or a sentence on what is missing.

        Trials still running are shown as interrupted. Files in `artifacts` go to the study's run.
        `waiting` is told as soon as it takes long; Ctrl-C ends the wait and is not raised.
        """
        self._inbox.put(_Closing(ranking=ranking, artifacts=tuple(artifacts)))
        self._hurry.set()
        try:
            self._wait(deadline_s, waiting)
        except KeyboardInterrupt:
            self._trouble = self._trouble or "it was not waited for"
        self._abandoned.set()
        if self._complete:
            return ""
        missing = self._seen - self._taken
        what = f"{missing} of {self._seen} epochs" if missing else "the end of the study"
        return f"MLflow did not take {what} ({self._trouble or 'it was too slow'})"

    def _wait(self, deadline_s: float, waiting: Waiting | None) -> None:
        patience = 0.0 if self._trouble else min(self._pace.patience, deadline_s)
        self._join(patience)
        if waiting is not None and self._thread.is_alive():
            waiting(deadline_s, self._trouble)
        self._join(deadline_s - patience)

    def _join(self, seconds: float) -> None:
        """Wait in slices: a signal that another thread was given does not end a join."""
        deadline = time.monotonic() + seconds
        while self._thread.is_alive() and (left := deadline - time.monotonic()) > 0:
            self._thread.join(timeout=min(left, _SLICE))

    # The thread

    def _run(self) -> None:
        try:
            self._loop()
        except ValueError as error:  # records out of order: a fault of ours, shown at close too
            self._note(error)
            raise

    def _loop(self) -> None:
        failures = 0
        fresh = True  # the first attempt makes the runs and needs no record
        while not self._abandoned.is_set():
            if not (fresh or failures or self._closing):
                self._apply(self._inbox.get())
            self._gather(failures)
            fresh = False
            if self._attempt():
                failures = 0
                if self._closing:
                    return
            else:
                failures += 1

    def _gather(self, failures: int) -> None:
        """Wait for more records, or after failures for better times; then take all there are."""
        retry = min(self._pace.first_retry * 2 ** min(failures - 1, 16), self._pace.longest_retry)
        if self._closing:
            self._abandoned.wait(min(retry, self._pace.first_retry) if failures else 0.0)
        else:
            self._hurry.wait(retry if failures else self._pace.batch)
        while True:
            try:
                self._apply(self._inbox.get_nowait())
            except Empty:
                return

    def _apply(self, message: Record | _Closing) -> None:
        if isinstance(message, _Closing):
            self._closing = message
            self._builder.release_running()
        else:
            self._builder.apply(message)

    def _attempt(self) -> bool:
        snapshot = self._builder.snapshot()
        self._seen = snapshot.epochs
        try:
            self._backend = self._backend or self._open_backend()
            if self._closing:
                self._backend.finish(
                    snapshot, ranking=self._closing.ranking, artifacts=self._closing.artifacts
                )
            else:
                self._backend.sync(snapshot)
        except Exception as error:  # noqa: BLE001 - no fault of a backend may reach the driver
            self._note(error)
            if self._backend is not None:
                self._taken = self._backend.epochs_taken
            return False
        self._taken, self._trouble = snapshot.epochs, ""
        self._complete = self._closing is not None
        return True

    def _note(self, error: Exception) -> None:
        text = without_secrets(str(error), uri=self._uri).strip()
        self._trouble = text.splitlines()[0] if text else type(error).__name__
        _log.info("tracking failed, trying again later: %s", self._trouble)
