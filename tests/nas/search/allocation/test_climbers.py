"""Trials at rungs, followed as they change, are those that a look at all of them finds."""

import random

from nas.search.allocation.climbers import Climbers
from nas.search.allocation.planning import climbing_only
from nas.study.records import FINAL, Outcome, SegmentEnded, SegmentStarted, TrialStatus
from nas.study.state import StudyState
from tests.nas.builders import measured, planned

COUNT = 12
OUTCOMES = (Outcome.REACHED, Outcome.FINISHED, Outcome.DIVERGED, Outcome.INTERRUPTED)


def names(histories):
    return [history.trial.id for history in histories]


def check(climbers: Climbers, state: StudyState) -> None:
    trained = climbing_only(state.histories())
    assert tuple(climbers.update(state.present)) == trained
    for first, end in ((0, COUNT), (3, 7), (5, 5)):
        part = trained[first:end]
        assert climbers.any_open(first, end) == any(h.status not in FINAL for h in part)
        for epoch in (1, 2, 3):
            there = [h for h in part if h.status is TrialStatus.PAUSED and len(h.epochs) == epoch]
            assert names(climbers.paused(epoch, first, end)) == names(there)


def test_what_is_followed_equals_what_is_looked_at_whole():
    rng, state, climbers = random.Random(3), StudyState(), Climbers()
    for number in range(1, COUNT + 1):
        seed = 1 if number % 5 == 0 else 0  # beyond the first seed nobody climbs
        state.apply(planned(number, seed=seed))
        check(climbers, state)
    for _ in range(60):
        open_ = [h for h in state.histories() if h.status not in FINAL and len(h.epochs) < 3]
        if not open_:
            break
        history = rng.choice(open_)
        trial, epoch = history.trial, len(history.epochs) + 1
        attempt = history.attempts + 1
        state.apply(
            SegmentStarted(at=0.0, trial_id=trial.id, attempt=attempt, until_epoch=trial.epochs)
        )
        check(climbers, state)
        state.apply(measured(trial.id, epoch, attempt=attempt))
        outcome = rng.choice(OUTCOMES)
        state.apply(SegmentEnded(at=0.0, trial_id=trial.id, attempt=attempt, outcome=outcome))
        check(climbers, state)
    assert Climbers().update(state.histories()) == climbers.update(state.present)


def test_another_journal_begins_anew():
    climbers = Climbers()
    climbers.update(StudyState([planned(1), planned(2)]).present)
    other = StudyState([planned(7)])
    assert names(climbers.update(other.present)) == names(other.histories())
    assert not climbers.any_open(1, 2)
