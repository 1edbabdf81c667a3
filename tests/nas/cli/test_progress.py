"""Progress: the time left follows the pace of this run, and the table shows what runs now."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from nas.cli.progress import Progress, TerminalDisplay, _line, _table
from nas.search.build import build_search
from nas.study.folder import open_study
from nas.study.left_out import LeftOut
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, TrialStopped
from nas.study.state import StudyState
from tests.nas.builders import measured, planned


def started(trial_id: str) -> SegmentStarted:
    return SegmentStarted(at=0.0, trial_id=trial_id, attempt=1, until_epoch=3)


def ended(trial_id: str, outcome: Outcome, message: str = "") -> SegmentEnded:
    return SegmentEnded(at=0.0, trial_id=trial_id, attempt=1, outcome=outcome, message=message)


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_the_pace_times_what_is_missing():
    clock = Clock()
    progress = Progress(6, clock=clock)
    state = StudyState([planned(1), planned(2), started("0001-C-s0")])
    assert progress.left(state) is None
    progress.observe(started("0001-C-s0"))
    for epoch in (1, 2):
        clock.now += 10
        record = measured("0001-C-s0", epoch)
        state.apply(record)
        progress.observe(record)
    assert progress.left(state) == pytest.approx(10 * 4)


def test_a_resumed_study_does_not_count_earlier_epochs_into_the_pace():
    clock = Clock()
    progress = Progress(6, clock=clock)
    state = StudyState([planned(1), planned(2), started("0001-C-s0")])
    for epoch in (1, 2, 3):
        state.apply(measured("0001-C-s0", epoch))
    state.apply(ended("0001-C-s0", Outcome.FINISHED))
    state.apply(started("0002-C-s0"))
    progress.observe(started("0002-C-s0"))
    clock.now += 7
    state.apply(measured("0002-C-s0", 1))
    progress.observe(measured("0002-C-s0", 1))
    assert progress.left(state) == pytest.approx(7 * 2)


def test_a_diverged_trial_needs_no_more_epochs():
    progress = Progress(3, clock=Clock())
    state = StudyState([planned(1), started("0001-C-s0")])
    state.apply(ended("0001-C-s0", Outcome.DIVERGED))
    assert progress.done(state) == 3


def text_of(renderable) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(renderable)
    return console.file.getvalue()


def test_the_table_shows_running_trials_with_epoch_and_losses():
    state = StudyState([planned(1), planned(2), started("0001-C-s0"), measured("0001-C-s0", 1)])
    shown = text_of(_table(Progress(6, clock=Clock()), state, 2))
    assert "0 of 2 trials, 1 under way" in shown
    assert "0001-C-s0" in shown
    assert "0002-C-s0" not in shown
    assert "1/3" in shown
    assert len(shown.splitlines()) == 4, "summary, bar, heading, one trial"
    assert "1.900" in shown
    assert "40.0" in shown


@pytest.mark.slow
def test_images_that_cannot_be_read_are_said_before_training(finished, capsys):
    study = open_study(finished)
    damaged = replace(study, data=replace(study.data, bad_files=("c0/x.png: truncated",)))
    search = build_search(study.spec, study.data.shape)
    TerminalDisplay(quiet=True).begin(damaged, search)
    assert capsys.readouterr().err == (
        "note: images left out because they cannot be read: 1, the first c0/x.png: truncated\n"
    )


@pytest.mark.slow
def test_images_that_are_not_trained_on_are_said_before_training(finished, capsys):
    study = open_study(finished)
    apart = replace(study, data=replace(study.data, left_out=LeftOut(copies=("c0/x.png",))))
    search = build_search(study.spec, study.data.shape)
    for shown, said in ((apart, 1), (study, 0)):
        TerminalDisplay(quiet=True).begin(shown, search)
        error = capsys.readouterr().err
        assert error.count("note: data: training images left out because they equal") == said
        assert error.count("\n") == said


def test_a_line_says_how_a_segment_ended_and_why():
    state = StudyState([planned(1), started("0001-C-s0"), measured("0001-C-s0", 1)])
    record = ended("0001-C-s0", Outcome.FAILED, "OSError: [disk] full\nTraceback ...")
    state.apply(record)
    said = _line(Progress(3, clock=Clock()), record, state)
    assert said is not None
    assert said.startswith(
        "0001-C-s0 failed (OSError: [disk] full): epoch 1/3, probe loss 1.900, eval accuracy 40.0 %"
    )


def test_a_pause_and_a_stop_are_said_in_the_words_of_the_listings():
    state = StudyState([planned(1), started("0001-C-s0"), measured("0001-C-s0", 1)])
    said = []
    for record in (
        ended("0001-C-s0", Outcome.REACHED),
        TrialStopped(at=0.0, trial_id="0001-C-s0", reason="last of its rung"),
    ):
        state.apply(record)
        said.append(_line(Progress(3, clock=Clock()), record, state) or "")
    assert said[0].startswith("0001-C-s0 paused: epoch 1/3, probe loss 1.900")
    assert "[0 trials done" in said[0]
    assert said[1].startswith("0001-C-s0 stopped (last of its rung): epoch 1/3")
    assert "[1 trial done" in said[1]
