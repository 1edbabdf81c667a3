"""Where a study under faults runs: its driver, Ray's processes, a second node, a disk to fill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.fault_checks import whole_lines
from nas.study.folder import STUDY
from nas.study.journal import FILE

# The quickstart but for its length: the same layouts, seeds and code paths in seconds.
SHORT = (
    "training.epochs=6",
    "search.seeds=2",
    "data.train=160",
    "data.probe=80",
    "data.evaluation=120",
    "resources.concurrent=2",
    "tracking.uri=off",
)
DISK = 24 << 20  # bytes: the study takes two to three million


def nas(*words: str) -> list[str]:
    """Return the command `nas WORDS`."""
    return [sys.executable, "-m", "nas.cli", *words]


def environment(sessions: Path) -> dict[str, str]:
    """Return one in which Ray is local and keeps its sessions in a folder."""
    kept = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    return {**kept, "RAY_TMPDIR": str(sessions), "RAY_USAGE_STATS_ENABLED": "0"}


class StudyFolder:
    """A study on the disk, as anyone sees it."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder`, which need not be there yet."""
        self.folder = folder
        self.trials = folder / "trials"

    @property
    def begun(self) -> bool:
        """Whether there is something to resume."""
        return STUDY.is_at(self.folder)

    def journal(self) -> bytes:
        """Return its whole lines."""
        try:
            return whole_lines((self.folder / "journal" / FILE).read_bytes())
        except FileNotFoundError:
            return b""

    def epochs(self) -> int:
        """Count those measured."""
        return self.journal().count(b'"kind":"epoch"')

    def complete(self) -> bool:
        """Tell whether nothing is left to train."""
        return b'"kind":"study-ended"' in self.journal()

    def saving(self) -> bool:
        """Tell whether a checkpoint is being written just now."""
        with suppress(OSError):
            files = (path for trial in self.trials.iterdir() for path in trial.iterdir())
            return any(path.suffix == ".partial" for path in files)
        return False


class Driver:
    """A `nas` that runs, and how long its study waited for the first signs of it."""

    def __init__(
        self,
        words: list[str],
        study: StudyFolder,
        *,
        sessions: Path,
        logs: Path,
        came_after: int | None = None,
    ) -> None:
        """Start it; what it prints goes to files in `logs`. `came_after`: the number of a fault."""
        self._study, self._sessions, self.came_after = study, sessions, came_after
        self.journal, self.epochs_before = study.journal(), study.epochs()
        self.complete_before = study.complete()
        self.began, self.began_at = time.monotonic(), time.time()
        self.ready: float | None = None  # seconds to its first record
        self.measured: float | None = None  # to its first epoch
        self.ray: float | None = None  # of Ray's own start
        self._gcs: float | None = None
        number = len(list(logs.glob("*.out")))
        with (
            (logs / f"{number:02}.out").open("wb") as out,
            (logs / f"{number:02}.err").open("wb") as err,
        ):
            # A job without a terminal of its own may ignore SIGINT and SIGHUP: not this one.
            self.process = subprocess.Popen(
                words,
                env=environment(sessions),
                stdout=out,
                stderr=err,
                preexec_fn=_as_usual,
            )

    def look(self) -> int | None:
        """Take note of signs; return the exit code once it has ended."""
        code = self.process.poll()
        age = time.monotonic() - self.began
        if self.ready is None and len(self._study.journal()) > len(self.journal):
            self.ready = age
        if self.measured is None and self._study.epochs() > self.epochs_before:
            self.measured = age
        if self.ray is None and code is None:
            self._look_for_ray()
        return code

    def _look_for_ray(self) -> None:
        """Ray's start is from its first process to the driver's log, which connects last."""
        if self._gcs is None:
            for child in children(self.process.pid):
                if child.name() == "gcs_server":
                    self._gcs = child.create_time()
        elif any(
            self._sessions.glob(f"ray/session_*/logs/python-core-driver-*_{self.process.pid}.log")
        ):
            self.ray = time.time() - self._gcs

    def wait(self, seconds: float) -> int | None:
        """Return its exit code; None where it is still there."""
        deadline = time.monotonic() + seconds
        while (code := self.look()) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return code

    def signal(self, number: int) -> None:
        """Send it one."""
        self.process.send_signal(number)

    def raylets(self) -> list[psutil.Process]:
        """Return the raylet of its own Ray."""
        return [each for each in children(self.process.pid) if each.name() == "raylet"]

    def heads(self) -> list[psutil.Process]:
        """Return the head of its own Ray."""
        return [each for each in children(self.process.pid) if each.name() == "gcs_server"]


def _as_usual() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def children(pid: int) -> list[psutil.Process]:
    """Return those that are alive."""
    with suppress(psutil.Error):
        return psutil.Process(pid).children()
    return []


def workers(raylets: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that train: Ray calls functions that Tune runs so."""
    found = []
    for each in (child for raylet in raylets for child in children(raylet.pid)):
        with suppress(psutil.Error):
            if " ".join(each.cmdline()).startswith("ray::ImplicitFunc"):
                found.append(each)
    return found


class TwoNodes:
    """A cluster on loopback whose second node can be lost, and another takes its place."""

    def __init__(self, sessions: Path) -> None:
        """Start both, of one CPU each."""
        os.environ |= {
            **environment(sessions),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # loopback alone
        }
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - Ray reads its environment at import

        self._room: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000}
        head = {**self._room, "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._second = self._cluster.add_node(**self._room)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return self._cluster.address

    def raylets(self) -> list[psutil.Process]:
        """Return those of both nodes."""
        return [_raylet(self._cluster.head_node), _raylet(self._second)]

    def lose_second(self) -> None:
        """Kill its raylet and its workers, as when a machine goes; Ray is not told."""
        raylet = _raylet(self._second)
        for each in (raylet, *raylet.children(recursive=True)):
            with suppress(psutil.Error):
                each.kill()

    def replace_second(self) -> None:
        """Start another."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = self._cluster.add_node(**self._room)

    def close(self) -> None:
        """End them."""
        self._cluster.shutdown()


def _raylet(node: Any) -> psutil.Process:
    return psutil.Process(node.all_processes["raylet"][0].process.pid)


class SmallDisk:
    """A file system in memory, and a file that takes what is left of it."""

    def __init__(self, folder: Path) -> None:
        """Stand for the one mounted at `folder`."""
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, but: int) -> None:
        """Leave these bytes."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                size = file.tell()
            file.truncate(max(0, size - but))

    def free(self) -> None:
        """Have room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path) -> Iterator[SmallDisk | None]:
    """Mount a small disk; None where this user may mount nothing."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def end_leftovers(sessions: Path) -> int:
    """End what Ray's sessions in this folder left running; return how many there were."""
    left = []
    for each in psutil.process_iter(["cmdline"]):
        if str(sessions) in " ".join(each.info["cmdline"] or []):
            left += [each, *each.children(recursive=True)]
    for each in left:
        with suppress(psutil.Error):
            each.kill()
    return len({each.pid for each in left})
