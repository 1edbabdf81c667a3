"""The images of a study: alike in channels, never both trained on and evaluated on, unchanged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data.apart import digests
from nas.driver.display import Silent
from nas.driver.extension import changed_spec, extend_study
from nas.driver.images import (
    StudyImages,
    check_unchanged,
    facts_of,
    load_images,
    were_kept_apart,
)
from nas.driver.study import begin_study, resume_study
from nas.errors import DataError, NotFoundError, SpecError
from nas.execution.inline import InlineExecutor
from nas.spec.file import load_spec
from nas.study.facts import facts_from_json, facts_to_json, left_out_words
from nas.study.folder import create_study, open_study
from nas.study.left_out import LeftOut
from tests.nas.conftest import SMALL

FIXTURES = Path(__file__).parents[2] / "fixtures" / "studies"
# A hundred evaluation images before, five hundred others after: of those 470 could be trained on.
LEAKS = (
    "data.train=null",
    "data.evaluation=100",
    "fine_tune={data: {image_size: 16, evaluation: 500, split_seed: 1}}",
)
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


def seen_twice(images: StudyImages) -> int:
    """How many images either task trains on that either evaluates on."""
    assert images.fine_tuning is not None
    tasks = (images.training, images.fine_tuning)
    trained, evaluated = (
        set().union(*(digests(part.images) for part in parts))
        for parts in ([t.train for t in tasks], [t.evaluation for t in tasks])
    )
    return len(trained & evaluated)


def test_no_task_trains_on_what_either_evaluates_on():
    spec = load_spec(str(SMALL), LEAKS)
    assert seen_twice(load_images(spec, apart=False)) == 540
    images = load_images(spec)
    assert seen_twice(images) == 0
    assert images.fine_tuning is not None
    assert (images.training.left_out, images.fine_tuning.left_out) == (
        LeftOut(reserved=470),
        LeftOut(reserved=70),
    )
    assert (images.training.evaluation.count, images.fine_tuning.evaluation.count) == (100, 500)
    assert left_out_words(facts_of(images.training), facts_of(images.fine_tuning)) == (
        (
            "data: of the images that could be trained on, 470 are set apart, since fine_tune.data "
            "evaluates on them"
        ),
        (
            "fine_tune.data: of the images that could be trained on, 70 are set apart, since data "
            "evaluates on them"
        ),
    )
    alone = facts_of(load_images(load_spec(str(SMALL))).training)
    assert left_out_words(alone, None) == ()


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (("data.train=1300",), "data.train: 1300 images asked of digits, which has 1227 for it"),
        (
            ("fine_tune.data.train=1280",),
            "fine_tune.data.train: 1280 images asked of digits, which has 1227",
        ),
        (
            ("data.evaluation=1795", "fine_tune.data.evaluation=1795"),
            "data.train: 0 images asked of digits, which has 0 for it beside 2 that the study's",
        ),
    ],
)
def test_a_study_that_would_have_to_train_on_them_is_one_line(overrides, says):
    with pytest.raises(DataError) as caught:
        load_images(load_spec(str(SMALL), (*LEAKS, *overrides)))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_a_study_keeps_what_was_left_out(tmp_path):
    spec = load_spec(str(SMALL), LEAKS)
    images = load_images(spec)
    assert images.fine_tuning is not None
    facts = replace(facts_of(images.training), left_out=LeftOut(reserved=470, copies=("a.png",)))
    tuned = facts_of(images.fine_tuning)
    study = open_study(create_study(spec, facts, fine_tuning=tuned, folder=tmp_path / "s").folder)
    assert study.data == facts
    assert study.fine_tuning_data == tuned
    assert were_kept_apart(study)
    check_unchanged(study, load_images(study.spec, apart=were_kept_apart(study)))
    assert len(study.left_out) == 3
    assert study.left_out[1].endswith("equal an evaluation image: 1, the first a.png")


def test_a_study_that_0_1_began_goes_on_with_the_images_it_had():
    study = open_study(FIXTURES / "finished")
    kept = json.loads((FIXTURES / "finished" / "study.json").read_text())
    assert not were_kept_apart(study)
    images = load_images(study.spec, apart=were_kept_apart(study))
    assert images.fine_tuning is not None
    assert images.training.fingerprint == kept["data"]["fingerprint"]
    assert images.fine_tuning.fingerprint == kept["fine_tuning_data"]["fingerprint"]
    check_unchanged(study, images)
    assert seen_twice(images) > 0, "it has none to be kept"
    begun_now = load_images(study.spec)
    assert seen_twice(begun_now) == 0
    with pytest.raises(DataError, match="have changed"):
        check_unchanged(study, begun_now)


SIZES = "space.image_size=[12, 20]"


def test_images_come_at_all_sizes_that_the_space_says_and_are_known_again(tmp_path):
    spec = load_spec(str(SMALL), (SIZES,))
    images = load_images(spec)
    assert images.training.shape.image_size == spec.data.image_size
    assert [other.shape.image_size for other in images.training.others] == [12, 20]
    facts = facts_of(images.training)
    assert (facts.at(12).shape.image_size, facts.at(12).mean) == (12, images.training.at(12).mean)
    assert facts.at(20).fingerprint == images.training.at(20).fingerprint
    study = create_study(spec, facts, folder=tmp_path / "s")
    again = open_study(study.folder)
    assert again.data == facts
    check_unchanged(again, images)
    changed = replace(images.training.others[1], fingerprint="another")
    others = (images.training.others[0], changed)
    with pytest.raises(DataError, match="have changed"):
        check_unchanged(again, StudyImages(training=replace(images.training, others=others)))


def test_sizes_that_a_source_has_not_are_refused_at_the_door():
    with pytest.raises(SpecError, match=r"^space.image_size: 12 pixels are too few"):
        load_images(load_spec(str(SMALL), (SIZES, "data={source: procedural, train: 50}")))


def test_other_sizes_are_kept_of_a_study_that_has_some_alone():
    with_one = facts_of(load_images(load_spec(str(SMALL))).training)
    assert "others" not in facts_to_json(with_one)


# Images in folders, which are somewhere, and may move


def pictures(root, first=0):
    for label, name in enumerate("ab"):
        (root / name).mkdir(parents=True)
        for number in range(first, first + 12):
            rng = np.random.default_rng((label, number))
            pixels = rng.integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")


FOLDER = ("data.source=folder", "data.train=null", "data.evaluation=null", "training.epochs=2")


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """A finished study of images whose path was relative, gone on with from elsewhere."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    pictures(tmp_path / "here" / "images")
    begin_study(
        load_spec(str(SMALL), (*FOLDER, "data.path=images")),
        folder=tmp_path / "s",
        executor=InlineExecutor(),
        display=Silent(),
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path / "s"


def test_notes_are_kept_of_images_that_have_some_alone(begun, tmp_path):
    assert "notes" not in facts_to_json(open_study(begun).data)
    pictures(tmp_path / "set" / "train")
    found = load_images(load_spec(str(SMALL), (*FOLDER, f"data.path={tmp_path / 'set'}")))
    facts = facts_of(found.training)
    assert facts.notes
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


def go_on(folder, *changes):
    study, how = open_study(folder), {"executor": InlineExecutor(), "display": Silent()}
    return extend_study(study, changes, **how) if changes else resume_study(study, **how)


def test_a_relative_path_is_the_same_from_everywhere(begun, tmp_path):
    assert open_study(begun).spec.data.path == str(tmp_path / "here" / "images")
    assert go_on(begun).ranking is not None


def test_images_that_moved_are_found_again_once_for_all(begun, tmp_path):
    (tmp_path / "here" / "images").rename(tmp_path / "there")
    with pytest.raises(NotFoundError, match=r"images: no such folder; `nas resume .*path=FOLDER`"):
        go_on(begun)
    before = go_on(begun, "data.path=there").ranking
    assert open_study(begun).spec.data.path == str(tmp_path / "there")
    assert go_on(begun).ranking.order == before.order
    with pytest.raises(SpecError, match=r"has data.path=there already"):
        go_on(begun, "data.path=there")


def test_other_images_are_not_those_that_moved(begun, tmp_path):
    pictures(tmp_path / "others", first=1)
    records = (begun / "journal" / "records.jsonl").read_bytes()
    with pytest.raises(DataError, match="have changed since it began"):
        go_on(begun, "data.path=others")
    assert (begun / "journal" / "records.jsonl").read_bytes() == records


def test_one_path_moves_both_tasks_where_both_have_the_same(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    tuned = f"fine_tune={{data: {{source: folder, path: {one}, image_size: 24}}}}"
    spec = load_spec(str(SMALL), (*FOLDER, f"data.path={one}", tuned))
    pictures(one)
    facts = facts_of(load_images(spec).training)
    study = create_study(spec, facts, fine_tuning=facts, folder=tmp_path / "s")
    moved, changes = changed_spec(study, [f"data.path={other}"])
    assert moved.fine_tune.data.path == moved.data.path == str(other)
    assert changes == {"data.path": str(other), "fine_tune.data.path": str(other)}
