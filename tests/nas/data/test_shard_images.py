"""Rows of Parquet shards decoded on demand: the same training as in memory, and bad rows."""

import logging
import pickle

import numpy as np
import pytest
import torch

from nas.data import unpacked as module
from nas.data.arrays import ImageArrays
from nas.data.load import load
from nas.data.on_device import to_device
from nas.data.shard_images import ShardImages
from nas.spec.data import DataSpec
from tests.contracts.images import ImagesContract
from tests.nas.data.shards import pictures, png, write_shard

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_open", {})


def write(root, count=24, *, cells=None, labels=None):
    cells = cells or [png(image) for image in pictures(count, side=9)]
    labels = labels or [number % 3 for number in range(count)]
    for number, part in enumerate((slice(0, count // 2), slice(count // 2, count))):
        write_shard(root / f"train-{number}.parquet", cells[part], labels[part], group=5)
    return DataSpec(source="parquet", path=str(root), image_size=8, probe=7, evaluation=6)


class TestShardImages(ImagesContract):
    """See the contract."""

    def make(self, tmp_path):
        images = load(write(tmp_path / "set"), limit=0).train
        assert isinstance(images, ShardImages)
        return images


def test_images_split_and_statistics_are_those_of_the_same_set_in_memory(tmp_path):
    spec = write(tmp_path / "set")
    here, there = load(spec), load(spec, limit=0)
    assert isinstance(here.train, ImageArrays)
    assert isinstance(there.train, ShardImages)
    assert there.mean == pytest.approx(here.mean)
    assert there.std == pytest.approx(here.std)
    assert (there.probe_indices == here.probe_indices).all()
    for one, other in ((here.train, there.train), (here.evaluation, there.evaluation)):
        every = [np.arange(one.count)[::-1]]
        ((images, labels),) = one.batches(every)
        ((again, named),) = other.batches(every)
        assert (images == again).all()
        assert (labels == named).all()
    ((images, _),) = to_device(there, CPU).train.batches([torch.tensor([3, 1])])
    assert images.shape == (2, 3, 8, 8)


def test_a_worker_of_another_node_unpacks_them_itself(tmp_path, monkeypatch):
    images = load(write(tmp_path / "set"), limit=0).train
    sent = pickle.dumps(images)
    assert len(sent) < 20_000
    before = next(images.batches([np.arange(5)]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(module, "_open", {})
    after = next(pickle.loads(sent).batches([np.arange(5)]))
    assert (before[0] == after[0]).all()
    assert (tmp_path / "elsewhere" / "coatnet-nas" / "images").is_dir()


def test_rows_without_a_class_or_an_image_are_never_trained_on(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    cells = [png(image) for image in pictures(24, side=9)]
    cells[4] = None
    cells[5] = b"no image"
    labels = [number % 3 for number in range(24)]
    labels[6] = -1
    spec = write(tmp_path / "set", cells=cells, labels=labels).model_copy(update={"max_bad": 0.2})
    here, there = load(spec), load(spec, limit=0)
    bad = {line.partition(": ")[0] for line in here.bad_files}
    assert len(bad) == 3
    assert {line.partition(": ")[0] for line in there.bad_files} <= bad
    ((_, labels),) = there.train.batches([np.arange(there.train.count)])
    assert labels.min() >= 0
    every = ShardImages(
        shards=there.train.shards,
        column=there.train.column,
        key=there.train.key,
        rows=np.arange(24),
        labels=np.array([number % 3 for number in range(24)]) - 3 * (np.arange(24) == 6),
        size=8,
        channels=3,
    )
    ((_, labels),) = every.batches([np.array([4, 5, 6, 7])])
    assert labels.tolist() == [1, 1, 1, 1], "the next readable one, with its label"
    assert "3 unreadable images were replaced" in caplog.text
    assert "train-0.parquet, row 4" in caplog.text


def test_what_is_evaluated_on_is_not_trained_on_whatever_row_it_is(tmp_path):
    cells = [png(image) for image in pictures(24, side=9)]
    cells[20] = cells[3]
    cells[10] = cells[11] = None
    spec = write(tmp_path / "set", cells=cells).model_copy(
        update={"evaluation": 12, "max_bad": 0.5}
    )
    here, there = load(spec), load(spec, limit=0)
    assert here.left_out is not None
    assert there.left_out is not None
    assert there.left_out.copies == here.left_out.copies


def test_equal_sets_have_equal_fingerprints_and_others_have_others(tmp_path):
    one = load(write(tmp_path / "one"), limit=0)
    two = load(write(tmp_path / "two"), limit=0)
    assert one.fingerprint == two.fingerprint, "a set that has moved is the same"
    fewer = load(write(tmp_path / "two").model_copy(update={"train": 10}), limit=0)
    assert fewer.fingerprint != one.fingerprint
