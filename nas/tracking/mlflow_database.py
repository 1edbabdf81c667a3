"""Makes MLflow's database in a file, whole or not at all: a stop at any line leaves none behind.

MLflow makes its tables in about a hundred steps, each of them on the disk at once, and never goes
on with half of them. So they are made in a folder beside, and the finished file gets its name.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy.exc import SQLAlchemyError

_SIDECARS = ("-journal", "-wal", "-shm")
_SETTLED = 5.0  # seconds without a change: whoever was making the tables is gone
_KEPT = {  # what a user may have put there -> what MLflow itself puts there
    "runs": "0",
    "experiments": "name = 'Default'",
    "registered_models": "0",
}


def make_database(path: Path, *, settled: float = _SETTLED) -> None:
    """Make MLflow's database at `path` where there is none, or half of one without anything in it.

    What has runs, experiments or models is never touched, whatever state it is in. Of several
    processes at once one makes it, and the others find it made.

    Raises:
        OSError: the folder cannot be written.
        MlflowException, SQLAlchemyError: MLflow cannot make its tables.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and _whole(path):
        return
    with _alone(path.parent) as alone:
        if alone:
            _sweep(path)
        if path.exists():
            if _whole(path):
                return
            _wait_for_others(path, settled)
            if _whole(path):
                return
            path.unlink(missing_ok=True)
        # A journal without its database would be played into the next one of that name.
        for suffix in _SIDECARS:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with _beside(path) as made:
            _open(made)
            with suppress(FileExistsError):  # where no lock is to be had: someone was faster
                os.link(made, path)


def _whole(path: Path) -> bool:
    """Whether MLflow can use the database, or it holds something and is none of our business."""
    try:
        with closing(sqlite3.connect(path, timeout=30)) as database:
            if _holds_something(database):
                return True
            before = _schema(database)
            if not before:
                return False
            with _beside(path) as copy:
                with closing(sqlite3.connect(copy)) as target:
                    database.backup(target)
                # MLflow is asked about a copy: it would change what it finds half-made.
                _open(copy)
                with closing(sqlite3.connect(copy)) as target:
                    return _schema(target) == before
    except (MlflowException, SQLAlchemyError):
        return False
    except sqlite3.DatabaseError:
        return True  # no database of ours: MLflow's own words say what it is


def _holds_something(database: sqlite3.Connection) -> bool:
    there = {name for kind, name, _ in _schema(database) if kind == "table"}
    # A stopped migration may have left the rows in its copy of the table alone.
    return any(
        database.execute(f'SELECT 1 FROM "{copy}" WHERE NOT ({ours}) LIMIT 1').fetchone()
        for table, ours in _KEPT.items()
        for copy in (table, f"_alembic_tmp_{table}")
        if copy in there
    )


def _schema(database: sqlite3.Connection) -> list[tuple[str, str, str]]:
    found = database.execute(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name"
    ).fetchall()
    if any(name == "alembic_version" for _, name, _ in found):
        versions = database.execute("SELECT version_num FROM alembic_version").fetchall()
        found += [("version", *version, "") for version in versions]
    return found


def _open(path: Path) -> None:
    """Let MLflow make, or check, its tables in this file, and let go of it."""
    artifacts = (path.parent.parent / "mlflow-artifacts").as_uri()  # `path` lies in `_beside`
    store = SqlAlchemyStore(f"sqlite:///{path}", artifacts)
    store.engine.dispose()  # an open connection would go on with the file under its old name


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield a name in a private folder beside `path`, for the sidecars' sake; then remove it."""
    with tempfile.TemporaryDirectory(
        prefix=f".{path.name}.", suffix=".partial", dir=path.parent
    ) as folder:
        yield Path(folder) / path.name


def _sweep(path: Path) -> None:
    """Remove what killed makers left beside `path`."""
    for left in path.parent.glob(f".{path.name}.*.partial"):
        shutil.rmtree(left, ignore_errors=True)


def _wait_for_others(path: Path, settled: float) -> None:
    """Wait while another program, such as ``mlflow ui``, may be making the tables in place."""
    deadline = time.monotonic() + 20 * settled
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime >= settled:
                return
        time.sleep(settled / 20)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Let one process at a time in; yield False where the file system has no locks of folders."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)  # which lets the next one in
