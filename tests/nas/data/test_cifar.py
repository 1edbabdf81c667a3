"""CIFAR's binary versions as they are unpacked, and as they go wrong."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data.load import load, peek
from nas.data.sources import class_names, open_source
from nas.errors import DataError, NotFoundError
from nas.spec.data import DataSpec
from nas.study.records import DataShape

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def write(path: Path, labels: list[int], *, seed: int = 0, coarse: bool = False) -> np.ndarray:
    """Write a binary file; return its images [N, 3, 32, 32]."""
    images = np.random.default_rng(seed).integers(0, 255, (len(labels), 3, 32, 32), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for label, image in zip(labels, images, strict=True):
            file.write(bytes([0, label] if coarse else [label]) + image.tobytes())
    return images


def ten(root: Path) -> tuple[np.ndarray, np.ndarray]:
    (root / "batches.meta.txt").parent.mkdir(parents=True, exist_ok=True)
    (root / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    trains = [write(root / f"data_batch_{n}.bin", [*range(10)], seed=n) for n in (1, 2)]
    return np.concatenate(trains), write(root / "test_batch.bin", [3, 9], seed=9)


def spec_of(root: Path, **fields: object) -> DataSpec:
    return DataSpec(**{"source": "cifar", "path": str(root), "image_size": 32, **fields})


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-bin"])
def test_cifar_10(tmp_path: Path, inside: str) -> None:
    images, tests = ten(tmp_path / inside)
    assert peek(spec_of(tmp_path)) == DataShape(image_size=32, channels=3, classes=10)
    loaded = load(spec_of(tmp_path))
    assert loaded.class_names == NAMES
    np.testing.assert_array_equal(loaded.train.images, images)
    np.testing.assert_array_equal(loaded.train.labels, [*range(10)] * 2)
    np.testing.assert_array_equal(loaded.evaluation.images, tests)
    np.testing.assert_array_equal(loaded.evaluation.labels, [3, 9])


def test_cifar_100_is_of_fine_classes(tmp_path: Path) -> None:
    images = write(tmp_path / "train.bin", [*range(100)], coarse=True)
    write(tmp_path / "test.bin", [42], seed=1, coarse=True)
    loaded = load(spec_of(tmp_path))
    assert loaded.class_names == tuple(str(number) for number in range(100))
    np.testing.assert_array_equal(loaded.train.images, images)
    np.testing.assert_array_equal(loaded.train.labels, range(100))
    np.testing.assert_array_equal(loaded.evaluation.labels, [42])
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"class {n}" for n in range(100)))
    assert class_names(spec_of(tmp_path))[42] == "class 42"


def test_without_a_test_file_images_are_set_apart(tmp_path: Path) -> None:
    ten(tmp_path)
    (tmp_path / "test_batch.bin").unlink()
    write(tmp_path / "data_batch_3.bin", [*range(10)], seed=3)
    loaded = load(spec_of(tmp_path))
    assert (loaded.train.count, loaded.evaluation.count) == (20, 10)


@pytest.mark.parametrize("size", [6, 20, 48])
def test_another_size_is_that_of_the_same_images_as_files(tmp_path: Path, size: int) -> None:
    images, _ = ten(tmp_path / "cifar")
    for number, image in enumerate(images):
        path = tmp_path / "folder" / f"{number % 10}" / f"{number // 10}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.transpose(1, 2, 0)).save(path)
    fields = {"image_size": size, "evaluation": 2}
    as_files = open_source(DataSpec(source="folder", path=str(tmp_path / "folder"), **fields))
    binary = open_source(spec_of(tmp_path / "cifar", **fields))
    order = [10 * (n % 2) + n // 2 for n in range(20)]  # files come class by class
    decoded = binary.train.decode(np.array(order)).images
    np.testing.assert_array_equal(as_files.train.decode(np.arange(20)).images, decoded)


def refused(root: Path, kind: type[Exception] = DataError) -> str:
    with pytest.raises(kind) as caught:
        load(spec_of(root))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["data_batch_1", "train", "cifar-10-batches-py/data_batch_1"])
def test_pickle_is_never_read(tmp_path: Path, name: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(pickle.dumps(Trap()))
    said = refused(tmp_path)
    assert said.endswith("pickle is never read: take the binary version")
    assert said.startswith(str(tmp_path / name.split("/")[0]))
    assert not (tmp_path / "sprung").exists()


def test_damage_is_refused_by_name(tmp_path: Path) -> None:
    assert "has no data_batch_1.bin" in refused(tmp_path, NotFoundError)
    ten(tmp_path)
    batch, test = tmp_path / "data_batch_2.bin", tmp_path / "test_batch.bin"
    whole = batch.read_bytes()
    batch.write_bytes(whole[:-1])
    assert refused(tmp_path).startswith(f"{batch}: 30,729 bytes are not a whole number of images")
    batch.write_bytes(b"")
    assert "0 bytes are not a whole number" in refused(tmp_path)
    batch.write_bytes(b"\x0a" + whole[1:])
    assert f"{batch}: image 0 is of class 10, and there are 10 classes" in refused(tmp_path)
    batch.write_bytes(whole)
    test.unlink()
    os.mkfifo(test)
    assert refused(tmp_path).startswith(f"{test}: is a named pipe, not a regular file")
    test.unlink()
    batch.rename(tmp_path / "data_batch_3.bin")
    assert refused(tmp_path, NotFoundError).startswith(f"{batch}: is missing")


@pytest.mark.parametrize("names", [b"a\na\nb", b"one", b"\xff\xfe", b"a\n\x1b[2Jb"])
def test_names_that_are_none_are_refused(tmp_path: Path, names: bytes) -> None:
    ten(tmp_path)
    (tmp_path / "batches.meta.txt").write_bytes(names)
    assert refused(tmp_path).startswith(f"{tmp_path / 'batches.meta.txt'}: ")


def test_both_versions_in_one_folder_are_refused(tmp_path: Path) -> None:
    ten(tmp_path)
    write(tmp_path / "train.bin", [0, 1], coarse=True)
    assert "keep each in a folder of its own" in refused(tmp_path)


def test_a_file_is_read_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten(tmp_path)
    monkeypatch.setattr("nas.data.cifar.SIZE_LIMIT", 40_000)
    assert f"{tmp_path / 'data_batch_2.bin'}: is longer than 9,270 bytes" in refused(tmp_path)
