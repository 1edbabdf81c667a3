"""What is trained on and what is evaluated on, by index: no image is both."""

from pathlib import Path

import numpy as np
import pytest

from nas.data.dataset import Dataset, Decoded, Pool
from nas.data.split import evaluated_on, same_images, split
from nas.errors import DataError
from nas.spec.study import DataSpec

LABELS = np.repeat(np.arange(4, dtype=np.int64), [40, 30, 20, 10])


def unread(indices: np.ndarray) -> Decoded:
    raise AssertionError("pixels are not needed")


POOL = Pool(labels=LABELS, decode=unread)
HUNDRED = Dataset(name="hundred", channels=1, class_names=tuple("abcd"), train=POOL)
WITH_TEST = Dataset(
    name="tested", channels=1, class_names=tuple("abcd"), train=POOL, evaluation=POOL
)


def spec(**fields: object) -> DataSpec:
    return DataSpec.model_validate(fields)


def test_what_the_other_task_evaluates_on_is_not_trained_on() -> None:
    first, second = spec(evaluation=10), spec(evaluation=40, split_seed=1)
    seen = set(evaluated_on(HUNDRED, second).tolist())
    alone = split(HUNDRED, first)
    assert alone.reserved == 0
    assert len(seen & set(alone.train.tolist())) > 20, "the case is none"
    apart = split(HUNDRED, first, beside=second)
    np.testing.assert_array_equal(apart.evaluation, alone.evaluation)
    assert set(apart.train.tolist()) == set(alone.train.tolist()) - seen
    assert apart.reserved == len(alone.train) - len(apart.train)


def test_as_many_as_asked_for_are_trained_on_and_in_proportion() -> None:
    first, second = spec(evaluation=10, train=30), spec(evaluation=40, split_seed=1)
    apart = split(HUNDRED, first, beside=second)
    assert not set(apart.train.tolist()) & set(evaluated_on(HUNDRED, second).tolist())
    np.testing.assert_allclose(np.bincount(LABELS[apart.train]), [12, 9, 6, 3], atol=1)
    assert len(apart.train) == 30


def test_the_same_evaluation_images_cost_nothing() -> None:
    alike = spec(evaluation=10, image_size=56)
    assert split(HUNDRED, spec(evaluation=10), beside=alike).reserved == 0


def test_a_test_set_of_its_own_is_apart_by_index() -> None:
    apart = split(WITH_TEST, spec(), beside=spec(split_seed=1))
    assert (len(apart.train), apart.reserved) == (100, 0)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"train": 80}, r"data.train: 80 images asked of hundred, which has \d+ for it beside \d+"),
        ({"evaluation": 60}, "that the study's other task evaluates on; 2 or more are needed"),
    ],
)
def test_too_few_that_are_left_are_said(fields: dict[str, int], says: str) -> None:
    beside = spec(evaluation=98 if "evaluation" in fields else 40, split_seed=1)
    with pytest.raises(DataError, match=says) as caught:
        split(HUNDRED, spec(**{"evaluation": 10, **fields}), beside=beside)
    assert "\n" not in str(caught.value)


def test_the_same_images_have_the_same_source_however_the_path_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    one = spec(source="folder", path="here")
    assert same_images(one, spec(source="folder", path=str(tmp_path / "link"), image_size=9))
    assert not same_images(one, spec(source="idx", path="here"))
    assert not same_images(one, spec(source="folder", path="."))
    assert same_images(spec(), spec(split_seed=4))
