"""Why each trial that has not ended is where it is."""

import pytest

from dashboards.queue import asked, queue
from nas.spec.resources import ResourcesSpec
from nas.study.journal import Journal
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, TrialPlanned
from tests.dashboards.served import append, begun, ended, epoch, some
from tests.nas.journals import journalled


def lost(one):
    return [*begun(one), SegmentEnded(at=1.0, trial_id=one.id, attempt=1, outcome=Outcome.LOST)]


@pytest.fixture
def study(tmp_path):
    """One running that has measured, one lost, one at its rung, one planned, one finished."""
    one, two, three, four, five = some(["C", "T", "X"])[:5]
    return journalled(
        tmp_path / "a",
        [
            *begun(one),
            epoch(one, 1, 0.5),
            *lost(two),
            TrialPlanned(at=0.0, trial=three),
            SegmentStarted(at=0.0, trial_id=three.id, attempt=1, until_epoch=1),
            epoch(three, 1, 0.5),
            SegmentEnded(at=1.0, trial_id=three.id, attempt=1, outcome=Outcome.REACHED),
            TrialPlanned(at=0.0, trial=four),
            *ended(five, 0.5),
        ],
    )


def reasons(study, **more):
    return {
        row.number: (row.status, row.progress, row.why)
        for row in queue(study, study.histories(), **more)[0]
    }


def test_a_study_that_nobody_runs_says_how_to_go_on(study):
    found = reasons(study)
    assert found.keys() == {1, 2, 3, 4}
    assert {why for _, _, why in found.values()} == {
        f"no driver runs this study: nas resume {study.place}"
    }


def test_a_study_that_runs_says_what_each_waits_for(study):
    journal = Journal(study.journal)
    try:
        found = reasons(study)
        rows, count = queue(study, study.histories(), now=31.0)
    finally:
        journal.close()
    assert found[1] == ("running", "1 of 3", "trains up to epoch 3")
    assert found[2][0] == "planned"
    assert found[2][2].startswith("its worker was lost or stopped: waits for room to go on")
    assert found[3][2] == "has come to its rung: waits for the trials it is compared with"
    assert found[4][2].startswith("waits for room for ")
    assert (rows[0].number, rows[0].heard) == (1, "30 s ago")
    assert count == 4


def test_what_a_trial_asks_for_in_words():
    assert asked(ResourcesSpec()).endswith("as many as have room")
    assert asked(ResourcesSpec(workers=2, concurrent=3)).startswith("2 workers of ")
    assert asked(ResourcesSpec(concurrent=3)).endswith(", 3 at once")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s ago"), (89, "89 s ago"), (600, "10 min ago"), (7200, "2 h ago"), (9e5, "10 d ago")],
)
def test_how_long_ago(study, seconds, words):
    rows, _ = queue(study, study.histories(), now=1.0 + seconds)
    assert rows[0].heard == words


def test_ended_trials_wait_for_nothing(tmp_path):
    [one] = some(["C"], seeds=1)
    done = journalled(tmp_path / "a", [*begun(one)])
    append(tmp_path / "a", ended(one, 0.5)[2:])
    assert queue(done, done.histories()) == ([], 0)
