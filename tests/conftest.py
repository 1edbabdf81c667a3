"""What holds for all tests: signals, and which warnings of others are let through."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.object_server import ObjectServer

# MLflow 3.17 makes SQLAlchemy warn about MLflow's own models.
_NOLOAD = "ignore:The ``noload`` loader strategy is deprecated"


def pytest_configure() -> None:
    """Have Ctrl-C interrupt also when a shell without job control started the tests with `&`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow that one warning, in the tests that import MLflow only."""
    for item in items:
        if item.get_closest_marker("mlflow"):
            item.add_marker(pytest.mark.filterwarnings(_NOLOAD))


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """Undo what a test, or what it calls, does to the environment: Ray's processes inherit it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def object_server() -> Iterator["ObjectServer"]:
    """Serve S3 on loopback."""
    from tests.object_server import serving

    with serving() as server:
        yield server


@pytest.fixture
def bucket(
    object_server: "ObjectServer", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """Return the URI of a bucket that this process and its children can use."""
    for name, value in object_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield object_server.new_bucket()
    object_server.refuse = None


@dataclass(frozen=True, kw_only=True)
class SmallDisk:
    """A real file system in memory with room for little, and a file that takes what is left."""

    folder: Path

    @property
    def ballast(self) -> Path:
        """The file that is in the way."""
        return self.folder / "ballast"

    def fill(self, *, but: int = 0) -> None:
        """Leave no byte, or `but` these."""
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                size = file.tell()
            file.truncate(max(0, size - but))

    def free(self) -> None:
        """Have room again."""
        self.ballast.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount one of 8 MB; skip where this user may mount nothing."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError as error:
        pytest.skip(f"a disk to fill cannot be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"a disk to fill cannot be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder=folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], timeout=10, check=True)
