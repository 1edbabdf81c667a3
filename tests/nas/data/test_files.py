"""Files decoded on demand: the same training as in memory, and what happens to damaged ones."""

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nas.data import encoded as streaming
from nas.data import load as data
from nas.data.arrays import ImageArrays
from nas.data.files import ImageFiles
from nas.data.images import ImageData
from nas.data.load import load
from nas.data.on_device import to_device
from nas.errors import DataError
from nas.spec.study import DataSpec
from nas.study.records import EpochMeasured
from tests.contracts.images import ImagesContract

CPU = torch.device("cpu")


def write_images(root: Path, count: int = 12, *, suffix: str = "jpg", seed: int = 0) -> None:
    """Write classes a, b and c of photographs of nothing, larger than they will be decoded."""
    rng = np.random.default_rng(seed)
    for number, name in enumerate("abc"):
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = rng.integers(0, 90, (21, 33, 3)).astype(np.uint8)
            pixels[7 * number : 7 * number + 7] += 120
            Image.fromarray(pixels).save(root / name / f"{index:02}.{suffix}")


class TestImageFiles(ImagesContract):
    """See the contract."""

    def make(self, tmp_path):
        root = tmp_path / "images"
        if not root.exists():
            write_images(root)
        files = files_of(DataSpec(source="folder", path=str(root), image_size=8))
        return files.subset(np.arange(24).reshape(3, 8).T.ravel())  # the classes in turn


@pytest.fixture
def spec(tmp_path: Path) -> DataSpec:
    write_images(tmp_path / "images")
    return DataSpec(source="folder", path=str(tmp_path / "images"), image_size=8, probe=7)


def files_of(spec: DataSpec, **changes: object) -> ImageFiles:
    loaded = load(spec.model_copy(update=changes), limit=0)
    assert isinstance(loaded.train, ImageFiles)
    return loaded.train


def taken(files: ImageFiles, batches: list[list[int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(files.batches(np.array(batch) for batch in batches))


def damage(files: ImageFiles, index: int) -> None:
    files.path(index).write_bytes(b"no image")


@pytest.mark.parametrize("channels", [None, 1])
def test_the_same_images_as_in_memory(spec: DataSpec, channels: int | None) -> None:
    spec = spec.model_copy(update={"channels": channels})
    kept, streamed = load(spec), load(spec, limit=0)
    assert isinstance(kept.train, ImageArrays)
    assert isinstance(streamed.train, ImageFiles)
    assert isinstance(streamed.evaluation, ImageFiles)
    for name in ("shape", "class_names", "mean", "std", "bad_files"):
        assert getattr(kept, name) == getattr(streamed, name)
    np.testing.assert_array_equal(kept.probe_indices, streamed.probe_indices)
    for part in ("train", "probe", "evaluation"):
        one, other = (getattr(to_device(each, CPU), part) for each in (kept, streamed))
        assert len(one) == len(other)
        chosen = [torch.tensor([3, 1]), torch.tensor([4]), torch.tensor([0, 2, 1])]
        for left, right in zip(one.batches(chosen), other.batches(chosen), strict=True):
            assert torch.equal(left[0], right[0])
            assert torch.equal(left[1], right[1])


def test_training_is_equal_to_training_in_memory(
    spec: DataSpec, training: Callable, make_trial: Callable
) -> None:
    reported: list[list[EpochMeasured]] = []
    for number, limit in enumerate((data.DECODED_LIMIT, 0)):
        made = training(f"t{number}", trial=make_trial(in_channels=3), flip=True, ema_decay=0.9)
        made.data = load(spec, limit=limit)
        made.run(4)
        reported.append([replace(epoch, at=0.0, seconds=0.0) for epoch in made.reported])
    assert reported[0] == reported[1]


def test_an_own_test_set_is_streamed_too(tmp_path: Path) -> None:
    write_images(tmp_path / "train")
    write_images(tmp_path / "val", 2, seed=1)
    spec = DataSpec(source="folder", path=str(tmp_path), image_size=8)
    kept, streamed = load(spec), load(spec, limit=0)
    assert (streamed.train.count, streamed.evaluation.count) == (36, 6)
    images, labels = next(to_device(streamed, CPU).evaluation.batches([torch.arange(6)]))
    np.testing.assert_array_equal(images.numpy(), kept.evaluation.images)
    assert labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_statistics_are_of_a_sample(spec: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load(spec, limit=0)
    monkeypatch.setattr(data, "SAMPLE", 10)
    sampled, again = load(spec, limit=0), load(spec, limit=0)
    assert sampled.mean == again.mean != whole.mean
    assert sampled.mean == pytest.approx(whole.mean, abs=0.05)


def test_fingerprint_is_of_names_sizes_and_labels(spec: DataSpec) -> None:
    files = files_of(spec)
    first = files.fingerprint()
    assert files_of(spec).fingerprint() == first
    assert replace(files, labels=files.labels[::-1]).fingerprint() != first
    assert replace(files, size=9).fingerprint() != first
    path = files.path(0)
    content = path.read_bytes()
    path.write_bytes(content + b"\0")
    assert files.fingerprint() != first
    path.write_bytes(content)
    assert files.fingerprint() == first
    path.rename(path.with_name("renamed.jpg"))
    assert load(spec, limit=0).fingerprint != load(spec).fingerprint
    assert files_of(spec).fingerprint() != first


def test_unreadable_files_of_the_sample_are_left_out(spec: DataSpec) -> None:
    damage(files_of(spec), 3)
    spec = spec.model_copy(update={"max_bad": 0.1})
    kept, streamed = load(spec), load(spec, limit=0)
    assert kept.train.count == streamed.train.count == 23
    assert kept.bad_files == streamed.bad_files != ()
    assert kept.mean == streamed.mean
    with pytest.raises(DataError, match=r"1 of 24 images cannot be read.*max_bad 0\.01"):
        load(spec.model_copy(update={"max_bad": 0.01}), limit=0)


def test_all_unreadable_is_one_line(spec: DataSpec) -> None:
    files = files_of(spec)
    for index in range(files.count):
        damage(files, index)
    with pytest.raises(DataError, match="24 of 24 images cannot be read"):
        load(spec, limit=0)


def test_a_broken_link_is_an_unreadable_file(spec: DataSpec) -> None:
    path = files_of(spec).path(2)
    path.unlink()
    path.symlink_to("nowhere.jpg")
    loaded = load(spec.model_copy(update={"max_bad": 0.1}), limit=0)
    assert loaded.train.count == 23
    assert isinstance(loaded.train, ImageFiles)
    replace(loaded.train, names=np.array([b"nowhere"]), labels=np.array([0])).fingerprint()


def test_an_image_unreadable_later_is_replaced_by_the_next(
    spec: DataSpec, caplog: pytest.LogCaptureFixture
) -> None:
    files = files_of(spec)
    before = taken(files, [list(range(24))])[0][0]
    damage(files, 4)
    damage(files, 5)
    damage(files, 23)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        (images, labels), (more, _) = taken(files, [[4, 0, 5], [23]])
    np.testing.assert_array_equal(images, before[[6, 0, 6]])
    np.testing.assert_array_equal(labels, files.labels[[6, 0, 6]])
    np.testing.assert_array_equal(more, before[[0]])
    assert caplog.messages == [
        f"3 unreadable images were replaced by the next readable ones; the first is {files.path(4)}"
    ]


def test_too_many_unreadable_in_a_row_end_the_training(
    spec: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "REPLACEMENTS", 3)
    files = files_of(spec)
    for index in (4, 5, 6):
        damage(files, index)
    assert len(taken(files, [[5]])) == 1
    with pytest.raises(DataError, match=r"and 2 images after it: unreadable"):
        taken(files, [[4]])


def test_no_more_is_decoded_ahead_than_said(
    spec: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def batches() -> object:
        for number in range(9):
            asked.append(number)
            yield np.array([number, number + 1])

    stream = files_of(spec).batches(batches())
    for number in range(9):
        next(stream)
        assert asked[-1] == min(number + streaming.AHEAD, 8)
    assert next(stream, None) is None


def test_giving_up_midway_leaves_no_thread(spec: DataSpec) -> None:
    before = threading.active_count()
    stream = files_of(spec).batches(np.array([number]) for number in range(24))
    next(stream)
    assert threading.active_count() > before
    del stream
    gc.collect()
    assert threading.active_count() == before


def test_files_travel_as_arrays(spec: DataSpec) -> None:
    files = files_of(spec)
    assert files.names.dtype.kind == "S"
    assert files.names.nbytes / files.count == len("a/00.jpg")


def test_other_sources_are_still_refused(make_data: Callable[..., ImageData]) -> None:
    with pytest.raises(DataError, match=r"digits: 1,797 images .* lower data\.image_size"):
        load(DataSpec(image_size=8), limit=1000)


def test_files_on_demand_are_the_same_at_every_size(spec: DataSpec) -> None:
    damage(files_of(spec), 5)
    streamed = load(spec.model_copy(update={"max_bad": 0.5}), sizes=(12,), limit=1)
    (larger,) = streamed.others
    assert isinstance(streamed.train, ImageFiles)
    assert isinstance(larger.train, ImageFiles)
    assert (streamed.train.size, larger.train.size) == (8, 12)
    for one, other in ((streamed.train, larger.train), (streamed.evaluation, larger.evaluation)):
        assert one.names.tolist() == other.names.tolist()
    alone = load(spec.model_copy(update={"max_bad": 0.5, "image_size": 12}), limit=0)
    assert (larger.fingerprint, larger.mean) == (alone.fingerprint, alone.mean)
