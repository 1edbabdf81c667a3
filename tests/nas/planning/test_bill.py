"""Whole plans, from measurements that are made up: sums that can be done by hand."""

import json
import math

import pytest

from nas.driver.images import load_images
from nas.planning.bill import make_plan
from nas.planning.plan import Room
from nas.planning.seconds import DRIFT
from nas.planning.timing_records import Timed, Timings
from nas.spec.file import load_spec
from nas.spec.study import ResourcesSpec
from tests.nas.conftest import SMALL

SECONDS = {"C-C": 10.0, "C-T": 4.0}  # of an epoch of training; of fine-tuning half
START, SAVE = 3.0, 0.5
TUNED = (
    "fine_tune={data: {source: digits, image_size: 16, train: 80, probe: 40, evaluation: 60}, "
    "training: {epochs: 2, batch_size: 16}}"
)


class Measure:
    """Measures nothing, and knows what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.neighbours: list[int] = []

    def __call__(self, shapes, task, resources, *, neighbours):
        self.asked.append(tuple(shape.trial.label for shape in shapes))
        self.neighbours.append(neighbours)
        times = 1.0 if task.recipe.epochs == 3 else 0.5
        return Timings(
            device="made up",
            memory_bytes=10**9,
            base_bytes=10**6,
            peak_bytes=10**7,
            neighbours=neighbours,
            timed=tuple(
                tuple(
                    Timed(
                        epoch=times * SECONDS[shape.trial.layout],
                        start=START,
                        save=SAVE,
                        peak_bytes=None,
                    )
                    for _ in range(2)
                )
                for shape in shapes
            ),
        )


def planned(*overrides: str, workers: int = 1, **arguments):
    spec = load_spec(str(SMALL), overrides)
    images = load_images(spec)
    arguments.setdefault("measure", Measure())
    room = Room(workers=workers, neighbours=workers - 1)
    return make_plan(spec, images.training, images.fine_tuning, room=room, **arguments)


def test_seconds_of_all_trials_add_up():
    measure = Measure()
    plan = planned("resources.cpus=2", measure=measure, price=3.0)
    # two seeds of each, three epochs, a checkpoint after each
    seconds = 2 * 3 * (10 + 4 + 2 * SAVE) + 4 * START
    assert measure.asked == [("C-C", "C-T")]
    assert plan.candidates == 2
    assert (plan.trials.estimate, plan.epochs.estimate) == (4, 12)
    assert plan.wall_hours.estimate * 3600 == pytest.approx(seconds)
    assert plan.device_hours.estimate * 3600 == pytest.approx(2 * seconds)
    assert plan.money is not None
    assert plan.money.estimate == pytest.approx(3 * plan.device_hours.estimate)
    half = 1.645 * DRIFT  # of a network whose rounds agree; other terms are known better
    for each in (plan.wall_hours, plan.device_hours, plan.money):
        assert 0.9 * half < math.log(each.high / each.estimate) <= half
        assert 0.9 * half < math.log(each.estimate / each.low) <= half


def test_a_smaller_machine_is_billed_as_what_it_is():
    spec = load_spec(str(SMALL), ("resources.cpus=8", "resources.gpus=1"))
    images = load_images(spec)
    room = Room(workers=1, neighbours=0, lent=ResourcesSpec(cpus=2.0))
    measure = Measure()
    plan = make_plan(spec, images.training, None, room=room, measure=measure)
    assert plan.device_hours.estimate == pytest.approx(2 * plan.wall_hours.estimate)  # of cores
    assert "hours are those of its 2 CPU and 0 GPU" in plan.notes[0]


def test_trials_at_once_share_the_wall_and_not_the_device():
    measure = Measure()
    alone, two = planned(), planned(workers=2, measure=measure)
    assert two.device_hours == alone.device_hours
    assert 0.5 <= two.wall_hours.estimate / alone.wall_hours.estimate < 0.8
    assert measure.neighbours == [1]
    assert "beside 1 that trained" in two.notes[0]


def test_fine_tunings_are_measured_and_counted():
    measure = Measure()
    plan = planned(TUNED, measure=measure)
    seconds = 2 * 3 * (14 + 2 * SAVE) + 2 * 2 * (7 + 2 * SAVE) + 8 * START
    assert len(measure.asked) == 2
    assert (plan.trials.estimate, plan.epochs.estimate) == (8, 12 + 8)
    assert plan.wall_hours.estimate * 3600 == pytest.approx(seconds)
    assert {each.task for each in plan.measured} == {"training", "fine_tuning"}


def test_seeds_that_may_be_added_widen_the_bill():
    few, more = planned(), planned("search.max_seeds=4")
    assert (more.trials.low, more.trials.high) == (4, 8)
    assert (more.epochs.low, more.epochs.high) == (12, 24)
    assert more.device_hours.low == pytest.approx(few.device_hours.low)
    assert more.device_hours.high > 1.8 * few.device_hours.high
    assert more.seeds == (2, 4)


def test_what_is_added_is_shared_out_among_workers():
    few, more = (planned(asked, workers=2) for asked in ("search.seeds=2", "search.max_seeds=4"))
    added = more.device_hours.estimate - few.device_hours.estimate
    assert added > 0
    assert more.wall_hours.estimate - few.wall_hours.estimate == pytest.approx(added / 2)


def test_whom_a_confirmation_takes_is_not_known():
    stages = '[{"depth": 1, "width": 4, "stride": 1}, {"depth": [1, 2], "width": 8}]'
    asked = ("search.seeds=1", f"space.stages={stages}")
    sure = planned(*asked).device_hours
    unsure = planned(*asked, "search.confirm={candidates: 2, seeds: 8}").device_hours
    assert unsure.low / unsure.estimate < 0.95 * sure.low / sure.estimate
    assert unsure.high / unsure.estimate > 1.05 * sure.high / sure.estimate


def test_of_a_sampler_that_learns_random_points_are_measured():
    plan = planned(
        "search.sampler=tpe", "search.candidates=2", 'space.stages.1={"depth": [1, 2], "width": 8}'
    )
    assert plan.candidates == 2
    assert "sampler 'tpe' proposes by results" in plan.notes[0]


def test_rungs_give_epochs_an_interval():
    stages = '[{"depth": 1, "width": 4, "stride": 1}, {"depth": [1, 2, 3, 4], "width": 8}]'
    plan = planned(
        f"space.stages={stages}", "search.seeds=1", "search.allocation={kind: halving, first: 1}"
    )
    assert plan.trials.estimate == plan.candidates == 8
    assert 8 < plan.epochs.low <= plan.epochs.estimate <= plan.epochs.high < 24


def test_the_json_has_what_scripts_rely_on():
    values = json.loads(json.dumps(planned().to_json()))
    assert {"candidates", "trials", "epochs", "device_hours", "wall_hours", "memory_bytes"} <= set(
        values
    )
    for name in ("trials", "epochs", "device_hours", "wall_hours", "memory_bytes"):
        assert set(values[name]) == {"estimate", "low", "high"}
        assert values[name]["low"] <= values[name]["estimate"] <= values[name]["high"]
    assert values["device"] == {
        "name": "made up",
        "memory_bytes": 10**9,
        "fits": True,
        "trials_at_once": 1,
    }
    assert [each["label"] for each in values["measured"]] == ["C-C", "C-T"]
    assert values["money"] is None
