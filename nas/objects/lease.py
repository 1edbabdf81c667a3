"""Who drives a study in an object store: one driver, known to others by its heartbeat.

The lease keeps drivers from starting work that they would lose; that only one of them can append
is up to the log (see `nas.objects.log`). So no clock has to be right: whoever wants a lease that is
held watches whether it beats.
"""

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from nas.errors import JournalError
from nas.objects.folder import ObjectFolder, Stored, StoreError

NAME = "driver.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Seconds between two heartbeats, and without one until a driver counts as dead."""

    beat: float = 5.0
    dead: float = 20.0
    look: float = 1.0  # how often whoever waits looks
    asleep: float = 60.0  # since the last beat, by the clock here: for readers, who cannot wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """The driver that holds a study; each heartbeat is another content of the same object."""

    id: str
    host: str
    boot: str  # of the machine, and its numbering of processes: a container has its own
    process: int
    began: str  # of the process, in the machine's own units: numbers of processes are used again
    since: float  # Unix time, by the clock of the holder
    beat: int = 0
    released: bool = False

    @property
    def words(self) -> str:
        """Say who it is and since when."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"{self.host} (process {self.process}) since {when}"

    @property
    def gone(self) -> bool:
        """Whether it was a process of this machine that has ended."""
        here = bool(self.boot) and self.boot == _boot()
        return here and self.began != _began(self.process)


class Lease:
    """A study held by this process, until `release`."""

    def __init__(self, folder: ObjectFolder, holder: Holder, *, pace: Pace) -> None:
        """Use `take`."""
        self._folder, self._pace = folder, pace
        self.holder = holder
        self.lost = False  # somebody took it over
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beats, name="nas-lease", daemon=True)
        self._thread.start()

    def _beats(self) -> None:
        while not self._ended.wait(self._pace.beat) and not self.lost:
            self._write(replace(self.holder, beat=self.holder.beat + 1))

    def _write(self, holder: Holder) -> None:
        try:
            seen = self._folder.read(NAME)
            if seen is None or _holder(seen).id != self.holder.id:
                self.lost = True
            elif self._folder.replace(NAME, _content(holder), seen):
                self.holder = holder
        except (StoreError, JournalError) as error:
            _log.info("no heartbeat: %s", error)  # the next may come through

    def release(self) -> None:
        """Let the next driver have it at once; a store that does not answer learns it later."""
        self._ended.set()
        self._thread.join()
        if not self.lost:
            self._write(replace(self.holder, beat=self.holder.beat + 1, released=True))


def take(
    folder: ObjectFolder,
    *,
    pace: Pace | None = None,
    waiting: Callable[[float, Holder], None] = lambda _seconds, _holder: None,
) -> Lease:
    """Return the lease of a study; one whose heartbeat has stopped is taken over.

    `waiting` is told for how many seconds a driver that says nothing is watched.

    Raises:
        JournalError: a living driver holds it.
        StoreError: the store does not answer, or does not let us.
    """
    pace = pace or Pace()
    mine = _this_process()
    while True:
        seen = folder.read(NAME)
        if seen is None:
            if folder.put_new(NAME, _content(mine)):
                return Lease(folder, mine, pace=pace)
            continue
        there = _holder(seen)
        if not (there.released or there.gone):
            waiting(pace.dead, there)
            _watch(folder, seen, pace)
        if folder.replace(NAME, _content(mine), seen):
            return Lease(folder, mine, pace=pace)
        _refuse_other(folder)


def holder(folder: ObjectFolder, *, pace: Pace | None = None) -> Holder | None:
    """Return the driver that holds the study now, as far as a reader can tell.

    Raises:
        StoreError: the store does not answer, or does not let us.
    """
    seen = folder.read(NAME)
    if seen is None:
        return None
    there = _holder(seen)
    age = (datetime.now(UTC) - seen.changed).total_seconds()
    living = not (there.released or there.gone) and age < (pace or Pace()).asleep
    return there if living else None


def _watch(folder: ObjectFolder, seen: Stored, pace: Pace) -> None:
    """Return when a driver has been silent for long enough.

    Raises:
        JournalError: it lives.
    """
    deadline = time.monotonic() + pace.dead
    while time.monotonic() < deadline:
        time.sleep(pace.look)
        now = folder.read(NAME)
        if now is None or now.content != seen.content:
            if now is not None and _holder(now).released:
                return  # what was seen is no more, so that the caller reads again
            _refuse_other(folder)
            return


def _refuse_other(folder: ObjectFolder) -> None:
    seen = folder.read(NAME)
    if seen is None or (there := _holder(seen)).released:
        return
    raise JournalError(
        f"{folder}: {there.words} is running this study; wait for it or stop it there"
    )


def _this_process() -> Holder:
    process = os.getpid()
    return Holder(
        id=uuid.uuid4().hex,
        host=socket.gethostname(),
        boot=_boot(),
        process=process,
        began=_began(process),
        since=time.time(),
    )


def _content(holder: Holder) -> bytes:
    return json.dumps(asdict(holder)).encode()


def _holder(seen: Stored) -> Holder:
    try:
        return Holder(**json.loads(seen.content))
    except (ValueError, TypeError) as error:
        raise JournalError(f"{NAME}: not the lease of a study: {error}") from error


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """Return when a process of this machine began; "" where there is none."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
