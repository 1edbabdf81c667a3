"""Folders as people have them: splits by their usual names, and nothing dropped without a word."""

import os
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data.images import ImageData
from nas.data.layout import MOST, find_layout
from nas.data.load import load
from nas.errors import DataError
from nas.spec.study import DataSpec

CLASSES = ("ant", "bee")


def images(folder: Path, *, first: int = 0, count: int = 12) -> None:
    """So many PNGs of 32 pixels a class, no two alike where `first` differs."""
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(first, first + count):
            rng = np.random.default_rng((label, number))
            pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def loaded(root: Path, **fields: object) -> ImageData:
    return load(DataSpec(source="folder", path=str(root), image_size=32, **fields))


def pixels_in(folder: Path) -> np.ndarray:
    files = [path for name in CLASSES for path in sorted((folder / name).iterdir())]
    return np.stack([np.asarray(Image.open(file)).transpose(2, 0, 1) for file in files])


@pytest.mark.parametrize("train", ["train", "Training", "TRAIN"])
@pytest.mark.parametrize("validation", ["val", "valid", "Validation"])
def test_a_test_set_beside_a_validation_set_is_never_selected_on(tmp_path, train, validation):
    parts = (train, validation, "Test")
    for number, part in enumerate(parts):
        images(tmp_path / part, first=100 * number)
    found = loaded(tmp_path)
    np.testing.assert_array_equal(found.train.images, pixels_in(tmp_path / train))
    np.testing.assert_array_equal(found.evaluation.images, pixels_in(tmp_path / validation))
    (note,) = found.notes
    assert note.startswith(f"{train}/ is trained on, layouts are compared on {validation}/; Test/")
    assert note.endswith("Test/ is left alone, for a last number")


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "Testing")])
def test_without_a_validation_set_the_test_set_is_compared_on_and_it_is_said(tmp_path, train, test):
    images(tmp_path / train)
    images(tmp_path / test, first=100)
    found = loaded(tmp_path)
    np.testing.assert_array_equal(found.evaluation.images, pixels_in(tmp_path / test))
    (note,) = found.notes
    assert f"compared on {test}/, since there is no val/" in note
    assert "no last number" in note


def test_a_training_set_alone_is_split_and_it_is_said(tmp_path):
    images(tmp_path / "train")
    found = loaded(tmp_path)
    assert (found.train.count, found.evaluation.count) == (16, 8)
    assert found.notes == (
        "train/ is trained on, but for a part of it that layouts are compared on",
    )


def test_classes_may_be_called_as_splits_are(tmp_path):
    images(tmp_path)
    for old, new in zip(CLASSES, ("train", "test"), strict=True):
        (tmp_path / old).rename(tmp_path / new)
    found = loaded(tmp_path)
    assert found.class_names == ("test", "train")
    assert not found.notes


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("train", "val", "valid"), "has val/ and valid/, which mean the same"),
        (("train", "Training"), "has Training/ and train/, which mean the same"),
        (("val", "test"), "has val/ with folders in it and no train/ beside it"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path, parts, words):
    for part in parts:
        images(tmp_path / part, count=2)
    with pytest.raises(DataError, match=words):
        find_layout(tmp_path)


def test_whatever_is_not_used_is_counted_by_its_kind(tmp_path):
    images(tmp_path / "train")
    images(tmp_path / "val", first=100)
    images(tmp_path / "more", first=200, count=2)
    ant = tmp_path / "train" / "ant"
    for number in range(2):
        (ant / f"{number}.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (ant / "notes.txt").write_text("none of the images")
    (ant / "README").write_text("nor this")
    (ant / ".thumb.png").write_bytes(b"")
    (ant / "deeper" / "still").mkdir(parents=True)
    shutil.copy(ant / "0.png", ant / "deeper")
    shutil.copy(ant / "1.png", ant / "deeper" / "still")
    shutil.copy(ant / "2.png", tmp_path / "train")
    os.mkfifo(ant / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(ant / "s"))
    found = loaded(tmp_path)
    assert found.train.count == 24
    layout, note = found.notes
    assert layout == "train/ is trained on, layouts are compared on val/"
    assert note.startswith(f"{tmp_path}: files that are not used: 4 in more/, ")
    assert set(note.partition("used: ")[2].split(", ")) == {
        "4 in more/",
        "2 .heic",
        "2 in folders inside a class",
        "1 .txt",
        "1 without suffix that are no images",
        "1 hidden",
        "1 in no class's folder",
        "1 that is a named pipe (pipe)",
        "1 that is a socket (s)",
    }


def test_counting_what_is_not_used_ends(tmp_path, monkeypatch):
    assert MOST > 1000
    monkeypatch.setattr("nas.data.layout.MOST", 2)
    images(tmp_path / "train")
    images(tmp_path / "more", count=9)
    (tmp_path / "more" / "again").symlink_to(tmp_path / "more")
    number = loaded(tmp_path).notes[1].partition("used: ")[2].partition(" ")[0]
    assert int(number) < 30


def test_images_of_other_names_are_read(tmp_path):
    images(tmp_path)
    expected = loaded(tmp_path)
    for name, suffix in zip(CLASSES, ("", ".007"), strict=True):
        for number in range(8):
            path = tmp_path / name / f"{number}.png"
            path.rename(path.with_suffix(suffix))
    found = loaded(tmp_path)
    assert found.train.count + found.evaluation.count == 24
    assert not found.notes
    assert expected.shape == found.shape
    for number, suffix in enumerate((".jfif", ".JPE", ".jpeg")):
        whole = Image.new("RGB", (32, 32), (80 * number, 0, 0))
        whole.save(tmp_path / "ant" / f"more{suffix}", format="JPEG")
    found = loaded(tmp_path)
    assert found.train.count + found.evaluation.count == 27


def test_a_pipe_with_an_images_name_is_refused_by_name(tmp_path):
    images(tmp_path)
    os.mkfifo(tmp_path / "ant" / "a.png")
    with pytest.raises(DataError, match=r"1 of 25 images .*a.png: is a named pipe"):
        loaded(tmp_path)
    found = loaded(tmp_path, max_bad=0.1)
    assert [bad.rpartition("/")[2] for bad in found.bad_files] == [
        "a.png: is a named pipe, not a regular file"
    ]


@pytest.mark.parametrize("way", ["copied", "linked"])
def test_equal_images_in_both_sets_are_left_out_of_training_and_said(tmp_path, way):
    images(tmp_path / "train")
    images(tmp_path / "val", first=100)
    for name in CLASSES:
        original = tmp_path / "val" / name / "100.png"
        copy = tmp_path / "train" / name / "copy.png"
        if way == "copied":
            shutil.copy(original, copy)
        else:
            copy.symlink_to(original)
    found = loaded(tmp_path)
    assert found.train.count == 24
    assert found.left_out is not None
    (words,) = found.left_out.words("data", "fine_tune.data")
    assert "they equal an evaluation image: 2, the first" in words


def test_a_set_that_has_each_image_four_times_is_told_of(tmp_path):
    images(tmp_path)
    for name in CLASSES:
        for path in list((tmp_path / name).iterdir()):
            for again in range(3):
                shutil.copy(path, path.with_stem(f"{path.stem}-{again}"))
    found = loaded(tmp_path)
    assert found.left_out is not None
    assert found.train.count + len(found.left_out.copies) == 64
    digests = {image.tobytes() for image in found.evaluation.images}
    assert not digests & {image.tobytes() for image in found.train.images}
    (note,) = found.notes
    assert f"the 32 images that are evaluated on {32 - len(digests)} equal another" in note


def test_a_class_of_one_image_says_what_to_do(tmp_path):
    images(tmp_path)
    for number in range(1, 12):
        (tmp_path / "bee" / f"{number}.png").unlink()
    with pytest.raises(DataError, match=r"'bee' has no training images: its only one .* add imag"):
        loaded(tmp_path)
