"""IDX files and class folders as a user would have them, and as they go wrong."""

import gzip
import os
import pickle
import struct
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from nas.data import scenes
from nas.data.decoding import to_channels
from nas.data.load import load, peek
from nas.data.on_device import to_device
from nas.data.procedural import ProceduralImages
from nas.data.scenes import CLASS_NAMES
from nas.data.sources import SOURCES, class_names
from nas.errors import DataError, NotFoundError
from nas.spec.data import DataSpec, FromPath
from nas.study.records import DataShape
from tests.nas.data.shards import pictures, png, write_shard

CPU = torch.device("cpu")
RNG = np.random.default_rng(0)


def write_idx(root: Path, name: str, array: np.ndarray, *, zipped: bool = False) -> None:
    content = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    content += array.astype(np.uint8).tobytes()
    path = root / f"{name}-idx{array.ndim}-ubyte{'.gz' if zipped else ''}"
    path.write_bytes(gzip.compress(content) if zipped else content)


def write_set(root: Path, part: str, labels: list[int], *, zipped: bool = False) -> np.ndarray:
    images = RNG.integers(0, 255, (len(labels), 6, 6))
    write_idx(root, f"{part}-images", images, zipped=zipped)
    write_idx(root, f"{part}-labels", np.array(labels), zipped=zipped)
    return images.astype(np.uint8)


def write_folder(root: Path, classes: dict[str, int]) -> None:
    for number, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = RNG.integers(0, 255, (5, 7, 3)).astype(np.uint8)
            pixels[0, 0] = (number, index, 0)
            Image.fromarray(pixels).save(root / name / f"{index}.png")


def idx_spec(root: Path, **fields: object) -> DataSpec:
    return DataSpec(source="idx", path=str(root), image_size=6, **fields)


def folder_spec(root: Path, **fields: object) -> DataSpec:
    return DataSpec(source="folder", path=str(root), image_size=6, **fields)


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_with_a_test_set(tmp_path: Path, zipped: bool) -> None:
    images = write_set(tmp_path, "train", [0, 1, 2, 0, 1, 2], zipped=zipped)
    tests = write_set(tmp_path, "t10k", [2, 1], zipped=zipped)
    assert peek(idx_spec(tmp_path)) == DataShape(image_size=6, channels=1, classes=3)
    loaded = load(idx_spec(tmp_path))
    np.testing.assert_array_equal(loaded.train.images[:, 0], images)
    np.testing.assert_array_equal(loaded.train.labels, [0, 1, 2, 0, 1, 2])
    np.testing.assert_array_equal(loaded.evaluation.images[:, 0], tests)
    np.testing.assert_array_equal(loaded.evaluation.labels, [2, 1])


@pytest.mark.parametrize("folder", ["", "raw", "MNIST/raw", "gzip"])
@pytest.mark.parametrize("prefix", ["", "emnist-letters-"])
def test_idx_is_found_where_downloads_put_it(tmp_path: Path, folder: str, prefix: str) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    images = write_set(tmp_path / folder, f"{prefix}train", [1, 2, 1, 2], zipped=True)
    tests = write_set(tmp_path / folder, f"{prefix}{'test' if prefix else 't10k'}", [2, 1])
    loaded = load(idx_spec(tmp_path))
    np.testing.assert_array_equal(loaded.train.images[:, 0], images)
    np.testing.assert_array_equal(loaded.evaluation.images[:, 0], tests)


def test_of_several_idx_sets_none_is_chosen(tmp_path: Path) -> None:
    for name in ("letters", "balanced"):
        write_set(tmp_path, f"emnist-{name}-train", [1, 2, 1, 2])
    with pytest.raises(DataError, match=r"holds 2 sets, .*balanced-\* and .*letters-\* among them"):
        load(idx_spec(tmp_path))
    write_set(tmp_path, "train", [0, 1] * 9)
    assert load(idx_spec(tmp_path)).class_names == ("0", "1"), "what has the plain name"


@pytest.mark.parametrize("name", ["train-labels-idx1-ubyte", "train-images-idx3-ubyte.gz"])
def test_an_idx_file_that_is_a_pipe_is_refused_by_name(tmp_path: Path, name: str) -> None:
    write_set(tmp_path, "train", [0, 1] * 9)
    for path in list(tmp_path.iterdir()):
        if path.name.startswith(name[:12]):
            path.unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=f"{name}: cannot be read: is a named pipe"):
        load(idx_spec(tmp_path))


def test_idx_labels_need_not_begin_at_zero(tmp_path: Path) -> None:
    write_set(tmp_path, "train", [5, 9, 5, 9])
    write_set(tmp_path, "t10k", [9])
    loaded = load(idx_spec(tmp_path))
    assert loaded.class_names == ("5", "9")
    np.testing.assert_array_equal(loaded.train.labels, [0, 1, 0, 1])
    np.testing.assert_array_equal(loaded.evaluation.labels, [1])


def test_idx_without_a_test_set_is_split(tmp_path: Path) -> None:
    write_set(tmp_path, "train", [0, 1] * 9)
    loaded = load(idx_spec(tmp_path))
    assert len(loaded.train.labels) == 12
    assert len(loaded.evaluation.labels) == 6


def test_idx_errors(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="has no file train-labels-idx1-ubyte"):
        load(idx_spec(tmp_path))
    write_set(tmp_path, "train", [0, 1, 0, 1])
    write_set(tmp_path, "t10k", [0, 3])
    with pytest.raises(DataError, match="class 3 of t10k has no training images"):
        load(idx_spec(tmp_path))
    write_idx(tmp_path, "t10k-labels", np.array([0]))
    with pytest.raises(DataError, match="2 images for 1 labels"):
        load(idx_spec(tmp_path))
    write_idx(tmp_path, "t10k-labels", np.array([]))
    with pytest.raises(DataError, match="holds no labels"):
        load(idx_spec(tmp_path))
    (tmp_path / "train-images-idx3-ubyte").unlink()
    with pytest.raises(NotFoundError, match="train-images"):
        load(idx_spec(tmp_path))


def test_folder_is_split(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 6, "dog": 9})
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("not an image, and not said to be one")
    assert peek(folder_spec(tmp_path)) == DataShape(image_size=6, channels=3, classes=2)
    loaded = load(folder_spec(tmp_path))
    assert loaded.class_names == ("cat", "dog")
    assert loaded.train.images.shape == (10, 3, 6, 6)
    assert loaded.evaluation.images.shape == (5, 3, 6, 6)
    np.testing.assert_array_equal(np.bincount(loaded.train.labels), [4, 6])
    assert load(folder_spec(tmp_path)).fingerprint == loaded.fingerprint


@pytest.mark.parametrize("part", ["val", "test"])
def test_folder_with_a_test_set(tmp_path: Path, part: str) -> None:
    write_folder(tmp_path / "train", {"cat": 3, "dog": 3})
    write_folder(tmp_path / part, {"cat": 2, "dog": 1})
    loaded = load(folder_spec(tmp_path))
    assert loaded.class_names == ("cat", "dog")
    np.testing.assert_array_equal(loaded.train.labels, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(loaded.evaluation.labels, [0, 0, 1])


def test_folder_with_one_percent_hostile_files(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 100, "dog": 100})
    (tmp_path / "cat" / "7.png").write_bytes(b"")
    (tmp_path / "dog" / "99.png").write_text("text")
    loaded = load(folder_spec(tmp_path))
    assert len(loaded.train.labels) + len(loaded.evaluation.labels) == 198
    assert [bad.split(": ")[0] for bad in sorted(loaded.bad_files)] == [
        str(tmp_path / "cat" / "7.png"),
        str(tmp_path / "dog" / "99.png"),
    ]
    (tmp_path / "dog" / "98.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="3 of 200 images cannot be read") as caught:
        load(folder_spec(tmp_path))
    assert "\n" not in str(caught.value)


def test_folder_errors(tmp_path: Path) -> None:
    write_folder(tmp_path / "one", {"cat": 4})
    with pytest.raises(DataError, match="at least 2 classes, has 1"):
        peek(folder_spec(tmp_path / "one"))
    write_folder(tmp_path / "empty", {"cat": 9, "dog": 0})
    with pytest.raises(DataError, match="class 'dog' has no training images"):
        load(folder_spec(tmp_path / "empty"))
    write_folder(tmp_path / "split" / "train", {"cat": 3, "dog": 3})
    write_folder(tmp_path / "split" / "val", {"cat": 3, "eel": 3})
    with pytest.raises(DataError, match="class 'eel' has no training images"):
        load(folder_spec(tmp_path / "split"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is not a folder"):
        load(folder_spec(tmp_path / "file"))


def test_the_words_of_the_spec_are_those_that_can_be_opened() -> None:
    assert set(SOURCES) == set(get_args(DataSpec.model_fields["source"].annotation))


def test_procedural_without_end() -> None:
    spec = DataSpec(source="procedural", image_size=16, probe=30)
    assert peek(spec) == DataShape(image_size=16, channels=3, classes=12)
    loaded = load(spec)
    assert loaded.shape == peek(spec)
    assert loaded.class_names == class_names(spec) == CLASS_NAMES
    assert loaded.train == ProceduralImages(name="train", seed=0, size=16, channels=3)
    assert loaded.probe_indices.tolist() == [*range(30)]
    assert loaded.evaluation.count == 2000
    assert load(spec.model_copy(update={"evaluation": 7})).evaluation.count == 7
    assert len(pickle.dumps(loaded)) < 2000 * 3 * 16 * 16 + 20_000  # no training image among them
    probe = next(to_device(loaded, CPU).train.batches([torch.arange(30)]))[0].numpy() / 255
    np.testing.assert_allclose(loaded.mean, probe.mean((0, 2, 3)))
    np.testing.assert_allclose(loaded.std, probe.std((0, 2, 3)))


def test_procedural_of_n_images_is_a_prefix() -> None:
    endless = load(DataSpec(source="procedural", image_size=16, probe=24))
    limited = load(DataSpec(source="procedural", image_size=16, probe=24, train=100))
    images, labels = next(to_device(endless, CPU).train.batches([torch.arange(100)]))
    np.testing.assert_array_equal(limited.train.images, images.numpy())
    np.testing.assert_array_equal(limited.train.labels, labels.numpy())
    np.testing.assert_array_equal(limited.evaluation.images, endless.evaluation.images)
    assert len(limited.probe_indices) == 24
    assert load(DataSpec(source="procedural", image_size=16, train=20)).probe_indices.size == 20


def test_procedural_fingerprints(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = DataSpec(source="procedural", image_size=16, evaluation=2, probe=2)
    changes = [{}, {"split_seed": 1}, {"probe": 3}, {"train": 12}, {"channels": 1}]
    found = {load(spec.model_copy(update=change)).fingerprint for change in changes}
    assert len(found) == len(changes)
    assert load(spec).fingerprint in found
    monkeypatch.setattr(scenes, "VERSION", scenes.VERSION + 1)
    assert load(spec).fingerprint not in found


def test_procedural_needs_pixels() -> None:
    with pytest.raises(DataError, match=r"image_size: 15 pixels .* needs 16 or more"):
        load(DataSpec(source="procedural", image_size=15))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_of_every_source(tmp_path: Path, source: str, channels: int) -> None:
    fields = {"source": source, "image_size": 16, "evaluation": 2, "train": 12}
    if source in get_args(FromPath):
        fields["path"] = str(tmp_path)
    if source == "idx":
        write_set(tmp_path, "train", [0, 1, 2] * 5)
    if source == "folder":
        write_folder(tmp_path, {"cat": 10, "dog": 10})
    if source == "cifar":
        pixels = RNG.integers(0, 255, (30, 3073)).astype(np.uint8)
        pixels[:, 0] = np.arange(30) % 10
        (tmp_path / "data_batch_1.bin").write_bytes(pixels.tobytes())
    if source == "parquet":
        write_shard(tmp_path / "0.parquet", [png(each) for each in pictures(20)], [0, 1] * 10)
    spec = DataSpec(**fields, channels=channels)
    own, loaded = load(DataSpec(**fields)), load(spec)
    assert own.shape == peek(DataSpec(**fields))
    assert loaded.shape == peek(spec)
    assert loaded.train.images.shape == (12, channels, 16, 16)
    assert len(loaded.mean) == len(loaded.std) == channels
    for part in ("train", "evaluation"):
        expected = to_channels(getattr(own, part).images, channels)
        np.testing.assert_array_equal(getattr(loaded, part).images, expected)
