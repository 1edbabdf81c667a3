"""Splits that never leak, the same for equal specs, and one-line refusals."""

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nas.data import load as data
from nas.data.arrays import digest_of
from nas.data.dataset import Dataset, Decoded, Pool
from nas.data.images import ImageData
from nas.data.load import load, peek
from nas.errors import DataError
from nas.spec.study import DataSpec
from nas.study.records import DataShape

FIXTURES = Path(__file__).parents[2] / "fixtures" / "studies"
LABELS = np.repeat(np.arange(4, dtype=np.int64), [40, 30, 20, 10])


def hashes(images: np.ndarray) -> set[str]:
    return {hashlib.sha256(image.tobytes()).hexdigest() for image in images}


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return load(DataSpec(image_size=12, probe=100))


@pytest.fixture
def hundred(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A source of 100 different gray images in 4 classes; list those to be unreadable."""
    images = np.random.default_rng(0).integers(0, 255, (100, 1, 4, 4), dtype=np.uint8)
    broken: list[str] = []

    def decode(indices: np.ndarray) -> Decoded:
        bad = {
            place: f"{index}.png: broken"
            for place, index in enumerate(indices)
            if f"{index}" in broken
        }
        return Decoded(images=images[indices], bad=bad)

    pool = Pool(labels=LABELS, decode=decode)
    source = Dataset(
        name="hundred", channels=1, class_names=tuple("abcd"), train=pool, evaluation=None
    )
    monkeypatch.setattr(data, "open_source", lambda spec: source)
    return broken


def test_digits_are_split_without_overlap(digits: ImageData) -> None:
    assert digits.train.images.shape == (1198, 1, 12, 12)
    assert digits.evaluation.images.shape == (599, 1, 12, 12)
    assert not hashes(digits.train.images) & hashes(digits.evaluation.images)
    assert digits.train.images.max() == 255
    assert (
        digits.shape
        == peek(DataSpec(image_size=12))
        == DataShape(image_size=12, channels=1, classes=10)
    )


def test_digits_are_stratified(digits: ImageData) -> None:
    shares = np.bincount(digits.evaluation.labels) / np.bincount(digits.train.labels)
    np.testing.assert_allclose(shares, 0.5, atol=0.02)


def test_probe_is_a_subset_without_repetition(digits: ImageData) -> None:
    assert len(np.unique(digits.probe_indices)) == 100
    assert digits.probe_indices.max() < len(digits.train.images)
    assert digits.probe_indices.max() > 1000  # of all images, not of the first ones


def test_probe_is_capped(hundred: list[str]) -> None:
    loaded = load(DataSpec(image_size=4))
    np.testing.assert_array_equal(loaded.probe_indices, np.arange(67))


def test_statistics(digits: ImageData) -> None:
    pixels = digits.train.images / 255
    np.testing.assert_allclose(digits.mean, pixels.mean(), rtol=1e-9)
    np.testing.assert_allclose(digits.std, pixels.std(), rtol=1e-9)


def test_equal_specs_give_equal_fingerprints(hundred: list[str]) -> None:
    spec = DataSpec(image_size=4)
    first = load(spec)
    assert load(spec).fingerprint == first.fingerprint
    other = load(spec.model_copy(update={"split_seed": 1}))
    assert other.fingerprint != first.fingerprint
    assert load(spec.model_copy(update={"probe": 10})).fingerprint != first.fingerprint


def test_fingerprint_is_pinned() -> None:
    """Change it knowingly: studies of earlier versions will not resume."""
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3)}
    assert digest_of(arrays, ("x", "y")).startswith("06a7fd43fd0ed66a")


@pytest.mark.parametrize("name", ["finished", "interrupted"])
def test_studies_of_before_know_their_data_again(name: str) -> None:
    kept = json.loads((FIXTURES / name / "study.json").read_text())
    loaded = load(DataSpec.model_validate(kept["spec"]["data"]))
    assert loaded.fingerprint == kept["data"]["fingerprint"]
    assert [*loaded.mean, *loaded.std] == kept["data"]["mean"] + kept["data"]["std"]


@pytest.mark.parametrize(
    ("train", "begins"), [(300, "1c04de4b4afdd206"), (None, "695b48705b07dc8a")]
)
def test_fingerprints_of_procedural_images_are_pinned(train: int | None, begins: str) -> None:
    fields = {"train": train, "probe": 50 if train is None else 512, "evaluation": 100}
    loaded = load(DataSpec(source="procedural", image_size=16, **fields))
    assert loaded.fingerprint.startswith(begins)


def test_arrays_are_read_only_and_travel(hundred: list[str]) -> None:
    loaded = load(DataSpec(image_size=4))
    with pytest.raises(ValueError, match="read-only"):
        loaded.train.images[0] = 0
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(loaded, protocol=5, buffer_callback=buffers.append)
    assert len(content) < 3000  # the arrays themselves go without a copy
    assert pickle.loads(content, buffers=buffers).fingerprint == loaded.fingerprint


def test_subset_keeps_classes_in_proportion(hundred: list[str]) -> None:
    loaded = load(DataSpec(image_size=4, train=30, evaluation=10))
    np.testing.assert_array_equal(np.bincount(loaded.train.labels), [12, 9, 6, 3])
    np.testing.assert_array_equal(np.bincount(loaded.evaluation.labels), [4, 3, 2, 1])


def test_small_subset_holds_every_class(hundred: list[str]) -> None:
    loaded = load(DataSpec(image_size=4, train=4, evaluation=50))
    np.testing.assert_array_equal(np.bincount(loaded.train.labels), [1, 1, 1, 1])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"train": 68}, "data.train: 68 images asked of hundred, which has 67"),
        ({"evaluation": 99}, "data.evaluation: 99 images asked of hundred, which has 98"),
        ({"train": 1}, "2 or more are needed"),
        (
            {"train": 3},
            "class 'd' has no training images|class 'a' has|class 'b' has|class 'c' has",
        ),
    ],
)
def test_too_few_images(hundred: list[str], fields: dict[str, int], says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        load(DataSpec(image_size=4, **fields))
    assert "\n" not in str(caught.value)


def test_bad_files_are_left_out_and_listed(hundred: list[str]) -> None:
    whole = load(DataSpec(image_size=4))
    hundred.extend(["7", "50"])
    loaded = load(DataSpec(image_size=4, max_bad=0.02))
    assert sorted(loaded.bad_files) == ["50.png: broken", "7.png: broken"]
    assert len(loaded.train.labels) + len(loaded.evaluation.labels) == 98
    assert len(loaded.train.images) == len(loaded.train.labels)
    assert hashes(loaded.train.images) < hashes(whole.train.images)
    counts = np.bincount(loaded.train.labels) + np.bincount(loaded.evaluation.labels)
    np.testing.assert_array_equal(counts, [39, 29, 20, 10])


def test_too_many_bad_files_stop(hundred: list[str]) -> None:
    hundred.extend(["7", "50"])
    with pytest.raises(DataError, match=r"^2 of 100 images cannot be read.*0\.01; the first is"):
        load(DataSpec(image_size=4))


def test_decoded_size_is_bounded_before_decoding(hundred: list[str]) -> None:
    with pytest.raises(DataError, match=r"GiB decoded, more than .*: lower data\.image_size"):
        load(DataSpec(image_size=4), limit=100 * 16 - 1)
    load(DataSpec(image_size=4, train=60), limit=100 * 16 - 1)


def test_own_test_set_is_the_evaluation_set(
    monkeypatch: pytest.MonkeyPatch, hundred: list[str]
) -> None:
    source = data.open_source(DataSpec())
    tests = np.random.default_rng(1).integers(0, 255, (8, 1, 4, 4), dtype=np.uint8)
    pool = Pool(
        labels=np.repeat(np.arange(4), 2),
        decode=lambda indices: Decoded(images=tests[indices], bad={}),
    )
    monkeypatch.setattr(data, "open_source", lambda spec: replace(source, evaluation=pool))
    loaded = load(DataSpec(image_size=4))
    assert len(loaded.train.labels) == 100
    assert hashes(loaded.evaluation.images) == hashes(tests)
    assert len(load(DataSpec(image_size=4, evaluation=4)).evaluation.labels) == 4
    with pytest.raises(DataError, match="9 images asked"):
        load(DataSpec(image_size=4, evaluation=9))


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"data.path .*nowhere: no such folder"):
        load(DataSpec(source="folder", path=str(tmp_path / "nowhere")))


# The same images at several sizes.


def test_every_size_is_as_if_the_spec_said_it_and_no_size_is_made_from_another() -> None:
    both = load(DataSpec(image_size=28, probe=100), sizes=(14, 28))
    (small,) = both.others
    alone = load(DataSpec(image_size=14, probe=100))
    assert both.fingerprint == load(DataSpec(image_size=28, probe=100)).fingerprint
    assert (small.fingerprint, small.shape, small.mean) == (
        alone.fingerprint, alone.shape, alone.mean,
    )  # fmt: skip
    assert both.at(14) is small
    assert both.at(28) is both.at(20) is both
    assert small.mean != both.mean


def test_what_cannot_be_read_at_one_size_is_left_out_at_all(
    monkeypatch: pytest.MonkeyPatch, hundred: list[str]
) -> None:
    numbers = np.arange(100, dtype=np.uint8)  # image n is of colour n, at any size

    def opened(spec: DataSpec) -> Dataset:
        def decode(indices: np.ndarray) -> Decoded:
            shape = (1, spec.image_size, spec.image_size)
            images = np.broadcast_to(numbers[indices][:, None, None, None], (len(indices), *shape))
            broken = {4: (7, 50), 6: (8, 50)}[spec.image_size]
            bad = {place: f"{n}: at {spec.image_size}" for place, n in enumerate(indices)
                   if n in broken}  # fmt: skip
            return Decoded(images=images.copy(), bad=bad)

        return Dataset(
            name="hundred",
            channels=1,
            class_names=tuple("abcd"),
            train=Pool(labels=LABELS, decode=decode),
        )

    monkeypatch.setattr(data, "open_source", opened)
    loaded = load(DataSpec(image_size=4, max_bad=0.05), sizes=[6])
    (other,) = loaded.others
    for one, same in ((loaded.train, other.train), (loaded.evaluation, other.evaluation)):
        pictures, again = (part.images[:, 0, 0, 0].tolist() for part in (one, same))
        assert pictures == again
        assert not {7, 8, 50} & set(pictures)
        np.testing.assert_array_equal(one.labels, same.labels)
    np.testing.assert_array_equal(loaded.probe_indices, other.probe_indices)
    assert loaded.train.count + loaded.evaluation.count == 97
    assert sorted(loaded.bad_files) == ["50: at 4", "7: at 4", "8: at 6"]
    assert other.bad_files == loaded.bad_files


def test_all_sizes_together_are_bounded(hundred: list[str]) -> None:
    with pytest.raises(DataError, match=r"of 4 and 6 pixels are .*: lower space\.image_size, data"):
        load(DataSpec(image_size=4), sizes=(6,), limit=100 * (16 + 36) - 1)
