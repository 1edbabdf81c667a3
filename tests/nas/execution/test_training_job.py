"""The job of a study trains each trial by its own task: a trial with a parent is fine-tuned."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from nas.data.load import load
from nas.errors import CheckpointError, DataError
from nas.execution.heartbeat import Beating
from nas.execution.training_job import Task, TrainingJob
from nas.spec.recipe import FineTuningSpec, TrainingSpec
from nas.spec.study import DataSpec, ResourcesSpec
from nas.study.records import EpochMeasured, Outcome, Segment
from tests.nas.builders import TINY, trial

DATA = DataSpec(image_size=8, train=32, probe=8, evaluation=16)
RECIPE = TrainingSpec(epochs=1, batch_size=16, warmup_epochs=0.0)
TUNING = FineTuningSpec(epochs=1, batch_size=16)


def job(folder: Path) -> TrainingJob:
    data = load(DATA)
    return TrainingJob(
        folder=folder,
        resources=ResourcesSpec(),
        training=Task(data=data, recipe=RECIPE),
        fine_tuning=Task(data=data, recipe=TUNING),
    )


def segment(**changes: object) -> Segment:
    return Segment(trial=trial(epochs=1, **changes), attempt=1, acknowledged=0, until_epoch=1)


@pytest.mark.slow
def test_a_trial_with_a_parent_is_fine_tuned_by_its_own_recipe(tmp_path: Path) -> None:
    reports: list[EpochMeasured] = []
    run = pickle.loads(pickle.dumps(job(tmp_path)))  # as it comes to a worker
    first = run(segment(id="0001-C-s0"), report=reports.append)
    second = run(segment(id="0002-C-s0-fine", parent="0001-C-s0"), report=reports.append)
    assert [first.outcome, second.outcome] == [Outcome.FINISHED, Outcome.FINISHED]
    assert [each.trial_id for each in reports] == ["0001-C-s0", "0002-C-s0-fine"]
    rates = [each.learning_rate for each in reports]
    assert rates == [pytest.approx(RECIPE.min_learning_rate), pytest.approx(TUNING.learning_rate)]
    assert [each.ema_evaluation_accuracy is None for each in reports] == [True, False]


def test_a_trial_with_a_parent_needs_what_it_is_fine_tuned_on(tmp_path: Path) -> None:
    alone = TrainingJob(
        folder=tmp_path,
        resources=ResourcesSpec(),
        training=Task(data=load(DATA), recipe=RECIPE),
    )
    with pytest.raises(AssertionError, match="only a study with fine-tuning"):
        alone(segment(parent="0001-C-s0"), report=lambda _: None)


@pytest.mark.slow
def test_a_trial_is_trained_by_the_recipe_that_its_candidate_chose(tmp_path: Path) -> None:
    reports: list[EpochMeasured] = []
    changes = {"min_learning_rate": 3e-4, "drop_path": 0.1}
    run = job(tmp_path)
    run(segment(id="0001-C-s0", recipe=changes), report=reports.append)
    assert reports[0].learning_rate == pytest.approx(3e-4)
    with pytest.raises(CheckpointError, match="of another network, seed, recipe or data"):
        run(segment(id="0001-C-s0"), report=reports.append)


@pytest.mark.slow
def test_a_trial_is_trained_on_images_of_its_networks_size(tmp_path: Path) -> None:
    data = load(DATA, sizes=(16,))
    both = TrainingJob(
        folder=tmp_path / "both", resources=ResourcesSpec(), training=Task(data=data, recipe=RECIPE)
    )
    alone = TrainingJob(
        folder=tmp_path / "alone",
        resources=ResourcesSpec(),
        training=Task(data=load(DATA.model_copy(update={"image_size": 16})), recipe=RECIPE),
    )
    larger = replace(TINY, image_size=16)
    reports: list[EpochMeasured] = []
    for run in (pickle.loads(pickle.dumps(both)), alone):
        assert run(segment(config=larger), report=reports.append).outcome is Outcome.FINISHED
    one, other = reports
    assert (one.probe_loss, one.evaluation_correct) == (other.probe_loss, other.evaluation_correct)
    with pytest.raises(DataError, match=r"the network takes .* \(20, 1, 10\)"):
        both(segment(config=replace(TINY, image_size=20)), report=reports.append)


def test_padding_is_in_proportion_to_the_images() -> None:
    data = load(DATA, sizes=(4, 20))
    task = Task(data=data, recipe=RECIPE.model_copy(update={"crop_padding": 3}))

    def padding(size: int, **changes: object) -> int:
        found = task.of(trial(config=replace(TINY, image_size=size), **changes))
        assert found.data is data.at(size)
        return found.recipe.crop_padding

    assert [padding(size) for size in (8, 4, 20)] == [3, 2, 8]
    assert padding(4, recipe={"crop_padding": 1}) == 1
    assert padding(4, recipe={"crop_padding": 0}) == 0
    assert task.of(trial(config=TINY)).recipe is task.recipe


@pytest.mark.slow
def test_training_and_measuring_are_signs_of_life(tmp_path: Path) -> None:
    beats: list[int] = []
    reports: list[EpochMeasured] = []
    beating = job(tmp_path).beating(lambda: beats.append(len(reports)))
    assert isinstance(beating, Beating)
    beating(segment(), report=reports.append)
    # 2 steps; a probe and an evaluation of a batch each, of whose statistics one is made anew
    assert beats == [0] * 5
