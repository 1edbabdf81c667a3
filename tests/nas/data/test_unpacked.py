"""A column of shards in one file: any cell at once, made once, whole or not at all."""

import threading
from collections import namedtuple

import pytest

from nas.data import unpacked as module
from nas.data.shards import find_shards
from nas.data.unpacked import key_of, unpacked
from nas.errors import DataError
from tests.nas.data.shards import write_shard

COLUMN = "image.bytes"
CELLS = [b"one", b"", None, b"four" * 100, b"one"]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_open", {})
    return tmp_path / "cache" / "coatnet-nas" / "images"


@pytest.fixture
def shards(tmp_path):
    write_shard(tmp_path / "set" / "train-0.parquet", CELLS[:3], [0, 1, 0], group=2)
    write_shard(tmp_path / "set" / "train-1.parquet", CELLS[3:], [0, 1], group=2)
    return find_shards(str(tmp_path / "set"))["train"]


def opened(shards):
    return unpacked(key_of(shards, COLUMN), shards, COLUMN)


def test_cells_are_had_by_number_and_equal_ones_have_equal_digests(shards):
    found = opened(shards)
    assert [found.cell(index) for index in (4, 3, 2, 1, 0)] == [
        cell or b"" for cell in reversed(CELLS)
    ]
    digests = [each.tobytes() for each in found.digests]
    assert digests[0] == digests[4]
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_it_is_made_once_for_all_workers_of_a_node(shards, cache, monkeypatch):
    made = []
    write = module._write
    monkeypatch.setattr(module, "_write", lambda *given: made.append(1) or write(*given))
    threads = [threading.Thread(target=opened, args=[shards]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.setattr(module, "_open", {})
    assert opened(shards).cell(0) == b"one"
    assert made == [1]
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1


def test_other_shards_and_changed_ones_are_others(shards, tmp_path):
    key = key_of(shards, COLUMN)
    assert key_of(shards[:1], COLUMN) != key
    assert key_of(shards, "else") != key
    write_shard(tmp_path / "set" / "train-1.parquet", CELLS[3:], [0, 1], group=2)
    assert key_of(find_shards(str(tmp_path / "set"))["train"], COLUMN) != key


def test_what_is_damaged_leaves_nothing_behind(shards, tmp_path, cache):
    path = tmp_path / "set" / "train-1.parquet"
    content = bytearray(path.read_bytes())
    content[10:60] = bytes(50)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"train-1\.parquet: cannot be read"):
        opened(shards)
    assert not [each for each in cache.iterdir() if each.is_dir()]


def test_a_cache_without_room_is_said_before_anything_is_copied(shards, monkeypatch, cache):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(free=10))
    with pytest.raises(DataError, match=r"0\.0 GB are free: set XDG_CACHE_HOME"):
        opened(shards)
    assert not [each for each in cache.iterdir() if each.is_dir()]


def test_a_disk_that_fills_meanwhile_is_one_line(shards, small_disk, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_disk.folder))
    (small_disk.folder / "coatnet-nas" / "images").mkdir(parents=True)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(free=1 << 40))
    small_disk.fill()
    with pytest.raises(DataError, match="No space left on device; set XDG_CACHE_HOME"):
        opened(shards)


def test_a_long_copy_is_said(shards, monkeypatch, caplog):
    monkeypatch.setattr(module, "SAID", 100)
    opened(shards)
    assert "GB of encoded images to" in caplog.text
