"""Where shards lie and of which split they are; damaged and hostile ones are refused by name."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import fs, parquet

from nas.data.shards import Rows, find_shards
from nas.errors import DataError, NotFoundError
from tests.nas.data.shards import pictures, png, write_shard

CELLS = [png(image) for image in pictures(4)]


def put(root: Path, *names: str) -> None:
    for name in names:
        write_shard(root / name, CELLS, [0, 1, 0, 1])


def found(path: object) -> dict[str, list[str]]:
    shards = find_shards(str(path))
    return {split: [Path(s.path).name for s in each] for split, each in shards.items() if each}


def refused(path: object, kind: type[Exception] = DataError) -> str:
    with pytest.raises(kind) as caught:
        find_shards(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["a.parquet", "b.parquet"], {"train": ["a.parquet", "b.parquet"]}),
        (["trainer.parquet"], {"train": ["trainer.parquet"]}),
        (
            ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
            {"train": ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]},
        ),
        (
            ["Train.parquet", "test-0.parquet"],
            {"train": ["Train.parquet"], "test": ["test-0.parquet"]},
        ),
        (
            ["default/train/0.parquet", "default/valid/1.parquet", "default/test/2.parquet"],
            {"train": ["0.parquet"], "validation": ["1.parquet"]},  # test is for a last number
        ),
        (["train.parquet", "_x.parquet", ".cache/y.parquet"], {"train": ["train.parquet"]}),
    ],
)
def test_splits_by_name(tmp_path: Path, names: list[str], splits: dict[str, list[str]]) -> None:
    put(tmp_path, *names)
    (tmp_path / "README.md").write_text("no data")
    assert found(tmp_path) == found(f"file://{tmp_path}") == splits


def test_a_file_alone_and_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "train-00000-of-00009.parquet")
    alone = {"train": ["train-00000-of-00009.parquet"]}
    assert found(tmp_path / "train-00000-of-00009.parquet") == alone
    put(tmp_path / "b", "train-00000-of-00001.parquet")
    monkeypatch.chdir(tmp_path / "b")
    assert found(".") == {"train": ["train-00000-of-00001.parquet"]}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "no", NotFoundError) == f"data.path {tmp_path}/no: no such folder"
    assert "cannot be told" in refused("~nobody-at-all/x", NotFoundError)
    assert refused(tmp_path, NotFoundError) == f"data.path {tmp_path}: has no file *.parquet"
    put(tmp_path, "train-00000-of-00003.parquet", "train-00002-of-00003.parquet")
    assert refused(tmp_path, NotFoundError) == (
        f"{tmp_path}/train-00001-of-00003.parquet: is missing: 2 of 3 shards are there; "
        "fetch the others"
    )
    put(tmp_path / "b", "test.parquet")
    assert "has no shard train-*.parquet" in refused(tmp_path / "b", NotFoundError)
    put(tmp_path / "b", "extra.parquet")
    assert refused(tmp_path / "b").startswith(f"{tmp_path}/b/extra.parquet: is it train, ")


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train.parquet")
    assert refused(tmp_path).startswith(f"{tmp_path}/train.parquet: is no regular file")


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("http://127.0.0.1:1/x", "data.path http://127.0.0.1:1/x: of http:// no shards are read"),
        ("s3://key:secret@bucket/x", "data.path s3://bucket/x: no keys in a path"),
    ],
)
def test_uris_that_are_refused(uri: str, says: str) -> None:
    said = refused(uri)
    assert said.startswith(says)
    assert "secret" not in said


@pytest.mark.slow
def test_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto.server")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    put(tmp_path, "data/train-0.parquet", "data/test-0.parquet")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "{}:{}".format(*server.get_host_and_port())
        store = fs.S3FileSystem(
            endpoint_override=endpoint, scheme="http", allow_bucket_creation=True
        )
        store.create_dir("sets")
        fs.copy_files(str(tmp_path), "sets/mine", destination_filesystem=store)
        query = f"?endpoint_override={endpoint}&scheme=http"
        assert found(f"s3://sets/mine{query}") == found(tmp_path)
        (shard,) = find_shards(f"s3://sets/mine{query}")["train"]
        assert shard.name == "s3://sets/mine/data/train-0.parquet"
        assert Rows(shards=[shard], column="image.bytes").take(np.arange(4)) == CELLS
        said = refused(f"s3://sets/no{query}", NotFoundError)
        assert said == "data.path s3://sets/no: no such folder"
        assert "cannot be listed: " in refused(f"s3://other/mine{query}")
    finally:
        server.stop()


def test_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path, "train.parquet")
    path = tmp_path / "train.parquet"
    whole = path.read_bytes()
    for content in (b"", b"text", whole[:-1], whole[: len(whole) // 2], whole[:-60] + b"\0" * 60):
        path.write_bytes(content)
        assert refused(tmp_path).startswith(f"{path}: cannot be read as Parquet: ")
    middle = len(whole) // 4
    path.write_bytes(whole[:middle] + b"\xff" * 64 + whole[middle + 64 :])
    (shard,) = find_shards(str(tmp_path))["train"]
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        [cell for part in shard.parts("image.bytes", [0], size=9) for cell in part.flatten()]


def test_no_byte_flipped_anywhere_is_more_than_a_refusal(tmp_path: Path) -> None:
    put(tmp_path, "train.parquet")
    path = tmp_path / "train.parquet"
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    outcomes = {"refused": 0, "read": 0}
    for place in rng.integers(4, len(whole), 150).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            shards = find_shards(str(tmp_path))["train"]
            Rows(shards=shards, column="image.bytes").take(np.arange(min(shards[0].rows, 4)))
            list(shards[0].column("label"))
        except (DataError, KeyError):  # a column may be called otherwise now
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 0


def test_a_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.data.shards.INFLATED", 1 << 20)
    cells = [bytes(1 << 20), bytes(1 << 20)]
    table = pa.table({"image": cells, "label": [0, 1]})
    parquet.write_table(table, tmp_path / "train.parquet", compression="zstd")
    assert "bytes are compressed to" in refused(tmp_path)


def test_more_rows_than_bytes_are_refused(tmp_path: Path) -> None:
    table = pa.table({"image": [b""] * 100_000, "label": [0] * 100_000})
    parquet.write_table(table, tmp_path / "train.parquet")
    assert "its footer promises 100,000 rows in" in refused(tmp_path)


def test_rows_by_number_in_any_order(tmp_path: Path) -> None:
    cells = [b"%d" % number for number in range(500)]
    for number, part in enumerate((cells[:299], cells[299:300], [], cells[300:])):
        kinds = pa.array([0] * len(part), pa.int64())
        write_shard(tmp_path / f"train-{number}.parquet", part, kinds, group=150)
    rows = Rows(shards=find_shards(str(tmp_path))["train"], column="image.bytes")
    for order in (np.arange(500), np.array([499, 0, 299, 300, 0, 150]), np.arange(0, 500, 7)):
        assert rows.take(order) == [cells[n] for n in order]
    for number in (140, 10, 70):  # one row group, forth and back
        assert rows.take(np.array([number])) == [cells[number]]
    assert rows.name(299) == f"{tmp_path}/train-1.parquet, row 0"
    assert rows.name(499) == f"{tmp_path}/train-3.parquet, row 199"


def test_a_file_that_got_shorter_since_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "train.parquet")
    rows = Rows(shards=find_shards(str(tmp_path))["train"], column="image.bytes")
    write_shard(tmp_path / "train.parquet", CELLS[:2], [0, 1])
    assert rows.take(np.array([1])) == [CELLS[1]]
    with pytest.raises(DataError, match="ends before its rows do"):
        rows.take(np.array([3]))
    with pytest.raises(DataError, match="promises 4 rows, it holds 2"):
        list(rows.shards[0].column("label"))
