"""Folders stand whole or not at all."""

import threading
from pathlib import Path

import pytest

from nas.errors import NotFoundError, SpecError, StudyExistsError
from nas.study.storage import FolderKind

BOX = FolderKind(word="box", file="box.json", format=3, reads=frozenset({2, 3}))


def make(folder: Path, **values: object) -> None:
    with BOX.creating(folder, values) as staged:
        (staged / "inside").mkdir()


def test_what_was_created_is_read(tmp_path: Path) -> None:
    make(tmp_path / "deep" / "a", size=4)
    with BOX.reading(tmp_path / "deep" / "a") as values:
        assert values == {"format": 3, "size": 4}
    assert (tmp_path / "deep" / "a" / "inside").is_dir()
    assert list(BOX.listed(tmp_path / "deep")) == [tmp_path / "deep" / "a"]


def test_nothing_is_left_of_what_was_not_finished(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), BOX.creating(tmp_path / "a", {}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_of_many_at_once_one_succeeds(tmp_path: Path) -> None:
    refused: list[str] = []
    start = threading.Barrier(8)

    def create() -> None:
        start.wait()
        try:
            make(tmp_path / "a")
        except StudyExistsError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert all("there is a box at" in message for message in refused)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_stands_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    with pytest.raises(StudyExistsError, match="exists and is no box"):
        make(tmp_path / "mine")
    (tmp_path / "file").touch()
    with pytest.raises(SpecError, match="cannot be created: Not a directory"):
        make(tmp_path / "file" / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine"]


def test_what_the_reader_cannot_use_is_damaged(tmp_path: Path) -> None:
    make(tmp_path / "a", size=4)
    damaged = pytest.raises(SpecError, match=r"a/box\.json: not a box file: 'sizes'")
    with damaged, BOX.reading(tmp_path / "a") as values:
        values["sizes"]
    other = FolderKind(word="box", file="box.json", format=2, reads=frozenset({2}))
    with (
        pytest.raises(SpecError, match="format 3 is newer than format 2"),
        other.reading(tmp_path / "a"),
    ):
        pass
    with pytest.raises(NotFoundError, match="no box there"), BOX.reading(tmp_path):
        pass
