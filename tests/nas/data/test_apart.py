"""Equal images on both sides are found by content, whatever they are called."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data import apart
from nas.data.apart import digests, equal_files
from nas.data.dataset import Decoded, Pool
from nas.data.files import ImageFiles
from nas.data.load import load
from nas.errors import DataError
from nas.spec.study import DataSpec
from nas.study.left_out import LeftOut

DIGITS = DataSpec(image_size=8, evaluation=100, probe=20)


def write(path: Path, number: int, *, side: int = 12) -> Path:
    """Write a picture of its own number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def write_set(root: Path, *, count: int = 5, first: int = 0) -> None:
    for label, name in enumerate("ab"):
        for index in range(count):
            write(root / name / f"{index}.png", first + 100 * label + index)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with train/ and val/, which have nothing in common."""
    write_set(tmp_path / "set" / "train", first=1000)
    write_set(tmp_path / "set" / "val", count=3)
    return tmp_path / "set"


def spec_of(root: Path, **fields: object) -> DataSpec:
    return DataSpec(source="folder", path=str(root), image_size=8, **fields)


def arrays(pixels: np.ndarray) -> set[bytes]:
    return set(digests(pixels))


def test_a_digest_is_of_the_pixels() -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 1, 4, 4), dtype=np.uint8)
    images[2] = images[0]
    one, other, again = digests(images)
    assert one == again != other
    assert digests(images[:, :, ::-1])[0] != one
    assert digests(images[:, :, ::-1][:, :, ::-1])[0] == one


@pytest.mark.parametrize("limit", [1 << 30, 0])
def test_nothing_is_left_out_where_nothing_is_on_both_sides(root: Path, limit: int) -> None:
    loaded = load(spec_of(root), limit=limit)
    assert (loaded.train.count, loaded.evaluation.count) == (10, 6)
    assert loaded.left_out == LeftOut()
    assert loaded.fingerprint == load(spec_of(root), limit=limit, apart=False).fingerprint


@pytest.mark.parametrize("limit", [1 << 30, 0])
def test_a_copy_in_train_and_val_is_left_out_of_training(root: Path, limit: int) -> None:
    shutil.copy(root / "val" / "a" / "1.png", root / "train" / "a" / "other.png")
    shutil.copy(root / "val" / "a" / "2.png", root / "train" / "b" / "wrong class.png")
    loaded = load(spec_of(root), limit=limit)
    assert loaded.left_out is not None
    assert [Path(copy).name for copy in loaded.left_out.copies] == ["other.png", "wrong class.png"]
    assert (loaded.train.count, loaded.evaluation.count) == (10, 6)
    pixels = [
        next(iter(part.batches([np.arange(part.count)])))[0]
        for part in (loaded.train, loaded.evaluation)
    ]
    assert not arrays(pixels[0]) & arrays(pixels[1])
    before = load(spec_of(root), limit=limit, apart=False)
    assert (before.train.count, before.left_out) == (12, None)


def test_an_equal_picture_in_another_file_is_found(root: Path) -> None:
    with Image.open(root / "val" / "b" / "0.png") as image:
        image.save(root / "train" / "b" / "0.bmp")
    (root / "train" / "a" / "broken.png").write_bytes(b"no image")
    loaded = load(spec_of(root, max_bad=0.5))
    assert loaded.left_out == LeftOut(copies=(str(root / "train" / "b" / "0.bmp"),))
    assert len(loaded.bad_files) == 1


def test_copies_within_a_folder_that_is_split_are_found(tmp_path: Path) -> None:
    write_set(tmp_path, count=9)
    for name in "ab":
        for index in range(9):
            shutil.copy(tmp_path / name / f"{index}.png", tmp_path / name / f"{index} copy.png")
    loaded = load(spec_of(tmp_path))
    assert loaded.left_out is not None
    assert loaded.left_out.copies
    assert loaded.train.count + loaded.evaluation.count + len(loaded.left_out.copies) == 36
    assert not arrays(loaded.train.images) & arrays(loaded.evaluation.images)


def test_a_class_of_copies_alone_is_one_line(root: Path) -> None:
    shutil.rmtree(root / "train" / "b")
    shutil.copytree(root / "val" / "b", root / "train" / "b")
    says = "class 'b' has no training images: 3 are evaluation images too, and left out"
    for limit in (1 << 30, 0):
        with pytest.raises(DataError, match=says):
            load(spec_of(root), limit=limit)


# Two tasks.


@pytest.mark.parametrize("size", [8, 20])
def test_a_resized_image_of_the_same_source_is_the_same_image(size: int) -> None:
    beside = DataSpec(image_size=size, evaluation=500, split_seed=1)
    loaded = load(DIGITS, beside=beside)
    evaluated = load(beside.model_copy(update={"image_size": 8}), apart=False).evaluation.images
    assert not arrays(loaded.train.images) & arrays(evaluated)
    found = arrays(load(DIGITS).train.images) & arrays(evaluated)
    assert loaded.left_out == LeftOut(reserved=len(found))
    assert loaded.train.count == 1697 - len(found)
    assert len(found) > 400


def test_so_is_an_equal_one_of_another_source(tmp_path: Path) -> None:
    evaluated = load(DataSpec(image_size=8, evaluation=50)).evaluation
    for index, (image, label) in enumerate(
        zip(evaluated.images[:, 0], evaluated.labels.tolist(), strict=True)
    ):
        folder = tmp_path / f"{label % 2}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    files = spec_of(tmp_path, channels=1, evaluation=4)
    beside = DataSpec(image_size=28, evaluation=30, channels=1)
    loaded = load(files, beside=beside)
    assert loaded.left_out is not None
    assert loaded.left_out.copies
    seen = load(beside.model_copy(update={"image_size": 8})).evaluation.images
    assert not arrays(loaded.train.images) & arrays(seen)
    assert loaded.train.count + len(loaded.left_out.copies) == 46


@pytest.mark.parametrize("limit", [1 << 30, 0])
def test_another_folder_has_copies_too(root: Path, tmp_path: Path, limit: int) -> None:
    write_set(tmp_path / "other" / "train", first=2000)
    write_set(tmp_path / "other" / "val", first=1000, count=2)  # the first of root/train
    beside = spec_of(tmp_path / "other").model_copy(update={"image_size": 16})
    loaded = load(spec_of(root), beside=beside, limit=limit)
    assert loaded.left_out is not None
    assert [Path(copy).parts[-2:] for copy in loaded.left_out.copies] == [
        ("a", "0.png"),
        ("a", "1.png"),
        ("b", "0.png"),
        ("b", "1.png"),
    ]
    assert loaded.train.count == 6


def test_drawn_images_equal_no_others_and_are_not_compared() -> None:
    drawn = DataSpec(source="procedural", image_size=16, train=30, probe=10, evaluation=20)
    assert load(drawn, beside=DIGITS).left_out == LeftOut()
    assert load(drawn, beside=drawn).left_out == LeftOut()
    assert load(DIGITS, beside=drawn).left_out == LeftOut()  # of 8 pixels, too small to draw
    endless = drawn.model_copy(update={"train": None})
    assert load(endless, beside=DIGITS).left_out == LeftOut()


# Files that are not decoded.


def pool(paths: list[Path]) -> Pool:
    def decode(indices: np.ndarray) -> Decoded:
        raise AssertionError("files are not decoded")

    labels = np.zeros(len(paths), dtype=np.int64)
    return Pool(labels=labels, decode=decode, path=paths.__getitem__)


def test_files_are_equal_in_all_their_bytes(tmp_path: Path, monkeypatch) -> None:
    contents = {
        "known": b"x" * 3000,
        "equal": b"x" * 3000,
        "shorter": b"x" * 2999,
        "another end": b"x" * 2999 + b"y",
        "another beginning": b"y" + b"x" * 2999,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    read: list[str] = []
    whole = apart._bytes
    monkeypatch.setattr(apart, "_bytes", lambda path: (read.append(path.name), whole(path))[1])
    ours = [tmp_path / name for name in (*list(contents)[1:], "not there")]
    theirs = pool([tmp_path / "known", tmp_path / "nor this"])
    found = equal_files(pool(ours), np.arange(len(ours)), [(theirs, np.arange(2))])
    assert found == [0]
    assert sorted(read) == ["another beginning", "equal", "known"], "few are read whole"


def test_images_that_are_no_files_have_nothing_to_compare(tmp_path: Path) -> None:
    file = pool([write(tmp_path / "a.png", 1)])
    arrays_only = Pool(labels=file.labels, decode=file.decode)
    assert equal_files(arrays_only, np.arange(1), [(file, np.arange(1))]) == []
    assert equal_files(file, np.arange(1), [(arrays_only, np.arange(1))]) == []


def test_what_is_left_out_stays_out_where_unreadable_files_are_replaced(root: Path) -> None:
    shutil.copy(root / "val" / "a" / "1.png", root / "train" / "a" / "x.png")
    loaded = load(spec_of(root), limit=0)
    assert isinstance(loaded.train, ImageFiles)
    assert b"a/x.png" not in loaded.train.names.tolist()


def test_a_copy_at_one_size_is_left_out_at_all(root: Path) -> None:
    with Image.open(root / "val" / "a" / "1.png") as image:
        image.resize((4, 4), Image.Resampling.BILINEAR).save(root / "train" / "a" / "small.png")
    alone = load(spec_of(root))
    loaded = load(spec_of(root), sizes=(4,))
    (small,) = loaded.others
    assert alone.left_out == LeftOut()
    assert loaded.left_out == small.left_out
    assert loaded.left_out == LeftOut(copies=(str(root / "train" / "a" / "small.png"),))
    assert (loaded.train.count, small.train.count) == (10, 10)
    np.testing.assert_array_equal(loaded.train.labels, small.train.labels)
