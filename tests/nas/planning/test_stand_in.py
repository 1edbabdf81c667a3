"""What a plan says where a smaller machine, or a smaller batch, stood for what was asked."""

from nas.planning.stand_in import stand_in_notes
from nas.planning.timing_records import Timed, Timings
from nas.spec.recipe import TrainingSpec
from nas.spec.study import ResourcesSpec
from tests.nas.tiny import make_trial

RECIPE = TrainingSpec(epochs=2, batch_size=1024)


def timings(*batches):
    timed = [Timed(epoch=1.0, start=1.0, save=1.0, peak_bytes=None, batch=b) for b in batches]
    return Timings(
        device="made up",
        memory_bytes=1,
        base_bytes=1,
        peak_bytes=1,
        neighbours=0,
        timed=tuple((one,) for one in timed),
    )


def notes(asked, lent, *batches):
    return stand_in_notes(asked, lent, RECIPE, [make_trial()], timings(*batches))


def test_nothing_is_said_of_what_is_as_asked():
    assert notes(ResourcesSpec(), None, None) == ()


def test_hours_of_a_smaller_machine_say_whose_they_are():
    said = notes(ResourcesSpec(cpus=8.0, gpus=1.0), ResourcesSpec(cpus=2.0), None)
    assert "asks for 8 CPU and 1 GPU" in said[0]
    assert "hours are those of its 2 CPU and 0 GPU" in said[0]
    assert "on a GPU a training step of the largest takes" in said[1]
    (cores,) = notes(ResourcesSpec(cpus=8.0), ResourcesSpec(cpus=2.0), None)
    assert "asks for 8 CPU" in cores


def test_a_batch_that_others_stood_for_is_said():
    assert notes(ResourcesSpec(), None, 2, None) == (
        "steps of 2 images were timed, for batches of 1,024",
    )
    assert notes(ResourcesSpec(), None, 2, 5)[0].startswith("steps of 2 to 5 images")
