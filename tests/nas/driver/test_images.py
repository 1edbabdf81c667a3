"""The images of a study: both tasks alike in channels, and the same ones when it is resumed."""

from dataclasses import replace

import pytest

from nas.driver.images import check_unchanged, facts_of, load_images
from nas.errors import DataError
from nas.spec.file import load_spec
from nas.study.folder import create_study
from tests.nas.conftest import SMALL

TUNED = "fine_tune={data: {image_size: 24, train: 60, evaluation: 50}}"


def test_images_to_fine_tune_on_have_the_channels_of_those_before():
    images = load_images(load_spec(str(SMALL), (TUNED, "data.channels=3")))
    assert images.fine_tuning is not None
    assert images.training.shape.channels == images.fine_tuning.shape.channels == 3
    assert images.last is images.fine_tuning
    alone = load_images(load_spec(str(SMALL)))
    assert alone.last is alone.training


@pytest.mark.parametrize("task", ["training", "fine_tuning"])
def test_changed_images_of_either_task_are_noticed(tmp_path, task):
    spec = load_spec(str(SMALL), (TUNED,))
    images = load_images(spec)
    assert images.fine_tuning is not None
    study = create_study(
        spec,
        facts_of(images.training),
        fine_tuning=facts_of(images.fine_tuning),
        folder=tmp_path / "s",
    )
    check_unchanged(study, images)
    other = replace(getattr(images, task), fingerprint="another")
    with pytest.raises(DataError, match="have changed"):
        check_unchanged(study, replace(images, **{task: other}))
