"""Files and folders stand whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from nas.errors import MachineError, NotFoundError, SpecError, StudyExistsError
from nas.study.storage import FolderKind, meant_for, replacing

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


def test_a_full_disk_is_no_wrong_word_and_leaves_nothing(small_disk) -> None:
    small_disk.fill()
    with pytest.raises(MachineError) as raised, BOX.creating(small_disk.folder / "a", {}):
        pass
    assert str(raised.value) == (
        f"{small_disk.folder / 'a'}: No space left on device (0 bytes free); free some space, "
        "then try again"
    )
    assert [path.name for path in small_disk.folder.iterdir()] == ["ballast"]


def test_what_a_full_disk_refuses_is_named_by_the_files_own_name(small_disk) -> None:
    path = small_disk.folder / "a.txt"
    small_disk.fill()
    with pytest.raises(OSError, match="No space left") as raised, replacing(path) as beside:
        beside.write_bytes(bytes(100_000))
    assert raised.value.filename == str(path)


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


def test_a_file_is_the_old_one_or_the_new(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("old")
    with replacing(file) as beside:
        beside.write_text("half")
        assert file.read_text() == "old"
        assert meant_for(beside.name) == file.name
        beside.write_text("new")
    assert file.read_text() == "new"
    for error in (OSError, KeyboardInterrupt):
        with pytest.raises(error), replacing(file) as beside:
            _half(beside, error)
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def _half(path: Path, error: type[BaseException]) -> None:
    path.write_text("half")
    raise error


def test_two_writers_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    with replacing(file) as first, replacing(file) as second:
        first.write_text("first")
        second.write_text("second")
    assert file.read_text() == "first", "the last to end"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("durable", [True, False])
def test_what_is_durable_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    file = tmp_path / "study.json"
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_size, file.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    with replacing(file, durable=durable) as beside:
        beside.write_bytes(b"12345")
    assert synced == [(5, False)] * durable


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (".epoch-0001-a1.json.0f3a9c21.partial", "epoch-0001-a1.json"),
        ("epoch-0001-a1.json.partial", "epoch-0001-a1.json"),
        ("epoch-0001-a1.json", None),
        (".page.html.4711", None),
    ],
)
def test_a_leftover_says_what_it_was_to_be(name: str, target: str | None) -> None:
    assert meant_for(name) == target
