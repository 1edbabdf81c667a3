"""One search on the same images as digits, as CIFAR's binary and as Parquet shards: one result."""

import json
from pathlib import Path

import numpy as np
import pytest

from nas.data.sources import open_source
from nas.spec.data import DataSpec
from tests.end_to_end.command import nas
from tests.nas.data.shards import hub, png, write_shard

SMALL = Path(__file__).parents[1] / "nas" / "small.yaml"
DIGITS = [str(digit) for digit in range(10)]
SIZE = 32  # pixels: what CIFAR has


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return all digits, gray uint8 [N, 32, 32], and their classes."""
    pool = open_source(DataSpec(image_size=SIZE)).train
    return pool.decode(np.arange(len(pool.labels))).images[:, 0], pool.labels


def write_cifar(root: Path) -> None:
    images, labels = digits()
    planes = np.repeat(images.reshape(len(images), 1, -1), 3, axis=1).reshape(len(images), -1)
    records = np.concatenate([labels[:, None].astype(np.uint8), planes], axis=1)
    root.mkdir()
    (root / "data_batch_1.bin").write_bytes(records[:1000].tobytes())
    (root / "data_batch_2.bin").write_bytes(records[1000:].tobytes())
    (root / "batches.meta.txt").write_text("\n".join(DIGITS))


def write_parquet(root: Path) -> None:
    images, labels = digits()
    cells = [png(image) for image in images]
    for number, part in enumerate((slice(0, 700), slice(700, None))):
        path = root / "data" / f"train-0000{number}-of-00002.parquet"
        write_shard(path, cells[part], labels[part], metadata=hub(DIGITS), group=300)


def search(folder: Path, study: str, *options: str) -> tuple[str, object]:
    """Return the fingerprint of the images and the ranking of a search on them."""
    sizes = (f"data.image_size={SIZE}", "data.channels=1", "training.epochs=2")
    nas("search", str(SMALL), "--inline", "--study", study, *sizes, *options, cwd=folder)
    ranked = json.loads(nas("rank", study, "-o", "json", cwd=folder).stdout)
    kept = json.loads((folder / "studies" / study / "study.json").read_text())
    return kept["data"]["fingerprint"], ranked


@pytest.mark.slow
@pytest.mark.parametrize(("source", "write"), [("cifar", write_cifar), ("parquet", write_parquet)])
def test_equal_images_give_an_equal_ranking(tmp_path: Path, source: str, write: object) -> None:
    write(tmp_path / "set")
    told = search(tmp_path, "one", f"data.source={source}", "data.path=set")
    assert told == search(tmp_path, "two")


@pytest.mark.slow
def test_a_refusal_is_one_line_with_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.parquet").write_bytes(b"PAR1")
    options = ("data.source=parquet", "data.path=set", "--inline", "--study", "s")
    done = nas("search", str(SMALL), *options, cwd=tmp_path, code=1)
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert f"{tmp_path}/set/train.parquet: cannot be read as Parquet: " in line
    misplaced = tmp_path / "mine.yaml"
    misplaced.write_text(SMALL.read_text().replace("data: {", "data: {label: x, "))
    done = nas("validate", "mine.yaml", cwd=tmp_path, code=2)
    assert "mine.yaml:11: data: label names a Parquet column and is not used by" in done.stderr
