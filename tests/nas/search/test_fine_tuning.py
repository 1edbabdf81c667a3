"""The trial that follows a trial: the same network for other images."""

from dataclasses import replace

from coatnet.cost import cost
from nas.search.allocation.fine_tuning import FineTuning
from nas.study.records import BaselineConfig, DataShape, TrialHistory, TrialStatus
from tests.nas.builders import TINY, trial

SHAPE = DataShape(image_size=16, channels=1, classes=3)


def follow(**changes):
    history = TrialHistory(
        trial=trial(**changes), status=TrialStatus.FINISHED, epochs=(), attempts=1
    )
    found = FineTuning(shape=SHAPE, epochs=2).next_trial([history], number=2)
    assert found is not None
    return found


def test_of_a_layout_multiply_adds_are_counted_anew():
    tuned = follow()
    larger = replace(TINY, image_size=16, bias_image_size=8, classes=3)
    assert (tuned.config, tuned.macs) == (larger, cost(larger).macs)


def test_of_a_baseline_they_are_those_of_its_training():
    config = BaselineConfig(network="timm/test_vit", image_size=8, in_channels=1, classes=10)
    tuned = follow(config=config)  # it is not built again
    assert (tuned.config, tuned.macs) == (replace(config, image_size=16, classes=3), trial().macs)
