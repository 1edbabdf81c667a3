"""A trial as its records left it reads as a history."""

from nas.study.packed import packed
from nas.study.records import TrialStatus
from nas.study.standing import Standing
from tests.nas.builders import measured, trial


def test_its_history_has_what_was_applied_and_no_say_in_what_comes():
    standing = Standing(trial=trial(epochs=3), until_epoch=2)
    standing.epochs.append(measured("0001-C-s0", 1))
    history = standing.history()
    standing.epochs.append(measured("0001-C-s0", 2))
    assert (history.status, len(history.epochs), history.until_epoch) == (TrialStatus.PLANNED, 1, 2)
    assert standing.left == 1


def test_packed_epochs_are_handed_out_as_they_are():
    epochs = packed("0001-C-s0", [measured("0001-C-s0", 1)])
    assert Standing(trial=trial(), epochs=epochs).history().epochs is epochs
