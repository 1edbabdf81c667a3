"""Files of a folder change together, or not at all; savers and loaders wait for each other."""

import errno
import threading
import time

import pytest
import torch

from coatnet import folder as folders
from coatnet import weights
from coatnet.folder import locked, replace_files


def writers(text, *names):
    return {name: lambda path: path.write_text(text) for name in names}


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_files_are_replaced_and_nothing_is_left(tmp_path):
    replace_files(tmp_path / "new", writers("1", "a", "b"))
    replace_files(tmp_path / "new", writers("2", "b"))
    assert contents(tmp_path / "new") == {"a": "1", "b": "2"}


def test_a_failure_changes_nothing(tmp_path):
    def fail(path):
        path.write_text("half")
        raise OSError("disk full")

    replace_files(tmp_path, writers("old", "a", "b"))
    with pytest.raises(OSError, match="disk full"):
        replace_files(tmp_path, {**writers("new", "a"), "b": fail})
    assert contents(tmp_path) == {"a": "old", "b": "old"}


def test_a_saver_waits_for_readers_and_readers_do_not(tmp_path):
    replace_files(tmp_path, writers("old", "a"))
    saver = threading.Thread(target=replace_files, args=(tmp_path, writers("new", "a")))
    with locked(tmp_path, exclusive=False), locked(tmp_path, exclusive=False):
        saver.start()
        time.sleep(0.2)
        assert (tmp_path / "a").read_text() == "old"
    saver.join(10)
    assert contents(tmp_path) == {"a": "new"}


def test_waiting_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LOCK_SECONDS", 0.1)
    with (
        locked(tmp_path, exclusive=True),
        pytest.raises(TimeoutError, match="has been locked by another process"),
        locked(tmp_path, exclusive=False),
    ):
        pass
    with locked(tmp_path, exclusive=True):
        pass


def test_savers_at_one_time_never_mix(tmp_path):
    names = [f"file{number}" for number in range(8)]

    def save(text):
        for _ in range(15):
            replace_files(tmp_path, writers(text, *names))

    threads = [threading.Thread(target=save, args=(text,)) for text in "xyz"]
    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.005)
        if (tmp_path / "file7").exists():
            with locked(tmp_path, exclusive=False):
                seen.append({(tmp_path / name).read_text() for name in names})
    assert seen
    assert all(len(texts) == 1 for texts in seen)
    assert sorted(contents(tmp_path)) == sorted(names)


def test_a_file_that_a_full_disk_refuses_is_named_by_its_own_name(small_disk):
    folder = small_disk.folder / "new"
    small_disk.fill()
    with pytest.raises(OSError, match="No space left on device") as raised:
        replace_files(folder, {"a": lambda path: path.write_bytes(bytes(100_000))})
    assert raised.value.filename == str(folder / "a")
    assert contents(folder) == {}


def test_weights_that_a_full_disk_refuses_are_such_an_error_too(small_disk):
    path = small_disk.folder / "model.safetensors"
    small_disk.fill()
    with pytest.raises(OSError, match="No space left on device") as raised:
        weights.write(path, {"a": torch.zeros(100_000)})
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(path))
