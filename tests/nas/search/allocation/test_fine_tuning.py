"""Every trained trial is followed by its fine-tuning, if it has weights to go on from."""

from dataclasses import replace

from coatnet.cost import cost
from nas.search.allocation.fine_tuning import FineTuning
from nas.study.records import BaselineConfig, DataShape, Outcome, TrialHistory, TrialStatus
from nas.study.state import StudyState
from tests.nas.builders import TINY, trial
from tests.nas.search.test_search import TUNING, end, finish_all, grid, run_all


def test_every_trained_trial_is_fine_tuned_with_its_own_seed():
    search, state = grid("A", tuning=TUNING), StudyState()
    assert finish_all(search, state) == [
        "0001-A-s0",
        "0002-A-s0-fine",
        "0003-A-s1",
        "0004-A-s1-fine",
    ]
    child = state.history("0004-A-s1-fine").trial
    assert (child.parent, child.label, child.seed, child.epochs) == ("0003-A-s1", "A", 1, 4)
    assert (child.config.image_size, child.config.classes) == (16, 3)
    assert (
        child.config.bias_image_size == TINY.image_size
    )  # tables keep the size they were trained at
    assert child.macs == cost(child.config).macs > cost(TINY).macs
    assert (search.expected, search.expected_epochs) == (4, 2 * (15 + 4))


def test_what_diverged_is_not_fine_tuned_and_seeds_count_what_was_trained():
    search, state = (
        grid("A", tuning=TUNING, max_seeds=3, extend=lambda histories: ["A"]),
        StudyState(),
    )
    first = run_all(search, state)
    end(state, first[0], Outcome.DIVERGED)
    end(state, first[1], Outcome.FINISHED)
    assert finish_all(search, state) == ["0003-A-s1-fine", "0004-A-s2", "0005-A-s2-fine"]


SHAPE = DataShape(image_size=16, channels=1, classes=3)


def follow(**changes):
    history = TrialHistory(
        trial=trial(**changes), status=TrialStatus.FINISHED, epochs=(), attempts=1
    )
    found = FineTuning(shape=SHAPE, epochs=2).decide([history])
    assert found is not None
    return found.trial


def test_of_a_layout_multiply_adds_are_counted_anew():
    tuned = follow()
    larger = replace(TINY, image_size=16, bias_image_size=8, classes=3)
    assert (tuned.config, tuned.macs) == (larger, cost(larger).macs)


def test_of_a_baseline_they_are_those_of_its_training():
    config = BaselineConfig(network="timm/test_vit", image_size=8, in_channels=1, classes=10)
    tuned = follow(config=config)  # it is not built again
    assert (tuned.config, tuned.macs) == (replace(config, image_size=16, classes=3), trial().macs)
