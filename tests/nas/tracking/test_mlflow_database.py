"""MLflow's database is whole after a kill at any instant of its making."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.mlflow, pytest.mark.usefixtures("mlflow_quiet")]

_MAKE = """
import sys
from pathlib import Path
from nas.tracking.mlflow_database import make_database
print("ready", flush=True)
make_database(Path(sys.argv[1]))
"""
_MLFLOW_MAKES = """
import sys
from mlflow.tracking import MlflowClient
print("ready", flush=True)
MlflowClient(f"sqlite:///{sys.argv[1]}").search_experiments()
"""


def maker(path: Path, program: str = _MAKE) -> subprocess.Popen[str]:
    """Start a process that makes the database, and return when it is about to."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def make(path: Path) -> None:
    from nas.tracking.mlflow_database import make_database

    make_database(path, settled=0.2)


def usable(path: Path) -> bool:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{path}")
    return [each.name for each in client.search_experiments()] == ["Default"]


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master")}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_after_a_kill_at_any_instant_there_is_a_whole_database_or_none(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    process = maker(path)
    began = time.monotonic()
    process.communicate(timeout=100)
    whole = time.monotonic() - began
    tried = 0
    for instant in range(4):
        folder = tmp_path / str(instant)
        folder.mkdir()
        path = folder / "mlflow.db"
        process = maker(path)
        time.sleep(whole * instant / 4)  # the instant is what is tested, there is no condition
        tried += process.poll() is None
        killed(process)
        if path.exists():
            assert usable(path)
        make(path)
        assert usable(path)
        assert [each.name for each in folder.iterdir()] == ["mlflow.db"]
    assert tried >= 2


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("steps", [1, 30, 60])
def test_what_a_kill_left_half_made_in_place_is_made_anew(tmp_path: Path, steps: int) -> None:
    path = tmp_path / "mlflow.db"
    process = maker(path, _MLFLOW_MAKES)
    deadline = time.monotonic() + 100
    while not path.exists() or changes(path) < steps:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    killed(process)
    make(path)
    assert usable(path)
    assert [each.name for each in tmp_path.iterdir()] == ["mlflow.db"]


def changes(path: Path) -> int:
    """How often the file was changed: SQLite counts it in the header."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(28)[24:], "big")


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "mlflow.db"))


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


_HALVES = {
    "a table is missing": ["DROP TABLE tags"],
    "a copy of a table is left": ["DROP TABLE tags", "CREATE TABLE _alembic_tmp_tags (key)"],
    "only the version lags": ["UPDATE alembic_version SET version_num = '451aebb31d03'"],
    "no version": ["DELETE FROM alembic_version"],
}


@pytest.mark.parametrize("half", _HALVES.values(), ids=_HALVES)
def test_half_a_database_without_runs_is_made_anew(
    copy: Path, template: Path, half: list[str]
) -> None:
    change(copy, *half)
    make(copy)
    assert tables(copy) == tables(template)
    assert usable(copy)


_HELD = {
    "a run": "INSERT INTO runs (run_uuid, experiment_id) VALUES ('a', 0)",
    "an experiment": "INSERT INTO experiments (experiment_id, name) VALUES (7, 'mine')",
    "a run in a copy": "CREATE TABLE _alembic_tmp_runs AS SELECT 'a' AS run_uuid",
}


@pytest.mark.parametrize("held", _HELD.values(), ids=_HELD)
@pytest.mark.parametrize("half", _HALVES.values(), ids=_HALVES)
def test_half_a_database_that_holds_something_is_left_alone(
    copy: Path, half: list[str], held: str
) -> None:
    change(copy, held, *half)
    before = copy.read_bytes()
    make(copy)
    assert copy.read_bytes() == before


def test_a_whole_database_is_left_alone(copy: Path) -> None:
    before = (copy.read_bytes(), copy.stat().st_ino)
    make(copy)
    assert (copy.read_bytes(), copy.stat().st_ino) == before


def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("a letter, which is longer than the header of a database" * 10)
    make(path)
    assert path.read_text().startswith("a letter")


def test_a_journal_without_its_database_is_not_played_into_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: Path
) -> None:
    from nas.tracking import mlflow_database

    def copied(path: Path) -> Any:
        shutil.copy(template, path)

    monkeypatch.setattr(mlflow_database, "_open", copied)
    (tmp_path / "mlflow.db-journal").write_bytes(b"old")
    make(tmp_path / "mlflow.db")
    assert [each.name for each in tmp_path.iterdir()] == ["mlflow.db"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("half", [False, True])
def test_two_processes_make_one_database(tmp_path: Path, template: Path, half: bool) -> None:
    path = tmp_path / "mlflow.db"
    if half:
        shutil.copy(template, path)
        change(path, "DROP TABLE tags")
    makers = [maker(path) for _ in range(2)]
    for process in makers:
        _, errors = process.communicate(timeout=100)
        assert (process.returncode, errors) == (0, "")
    assert usable(path)
    assert [each.name for each in tmp_path.iterdir()] == ["mlflow.db"]
