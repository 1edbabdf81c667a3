"""Successive halving by cohorts: who goes on is a function of the curves, whatever the timing."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from nas.reading.replay import recalled, run
from nas.search import playing
from nas.space.candidate import Candidate
from nas.study.journal import Journal
from nas.study.records import FINAL, Pause, Segment, Stop, TrialHistory
from nas.study.state import StudyState
from tests.nas.search.allocation.climbing import (
    a_search,
    by_label,
    climbed,
    curves,
    driven,
    ends,
    history,
)
from tests.nas.slow_starters import SlowStarters

HALVING = {"kind": "halving", "first": 1, "reduction": 2, "strata": "none"}
FOUR = curves(A=[0.1, 0.2, 0.3], B=[0.2, 0.1, 0.9], C=[0.3, 0.6, 0.6], D=[0.4, 0.5, 0.5])


def test_the_better_half_goes_on_from_each_rung():
    assert ends(climbed(FOUR, **HALVING)) == {
        "A": ("stopped", 1), "B": ("stopped", 1), "C": ("finished", 3), "D": ("stopped", 2),
    }  # fmt: skip


def test_who_is_stopped_is_told_where_it_stood():
    messages = {h.trial.label: h.message for h in climbed(FOUR, **HALVING).histories()}
    assert messages["B"] == "number 3 of 4 at epoch 1; 2 went on"
    assert messages["D"] == "number 2 of 2 at epoch 2; 1 went on"


def test_nothing_is_decided_before_the_whole_cohort_has_come_to_the_rung():
    search, _ = a_search(FOUR, **HALVING)
    state = StudyState()
    segments = []
    while isinstance(segment := search.decide(state), Segment):
        playing.start(state, segment, 0.0)
        segments.append(segment)
    assert [segment.until_epoch for segment in segments] == [1] * 4
    for segment in segments[1:]:
        playing.end(state, segment, recalled(segment, FOUR[segment.trial.label]), 0.0)
        assert search.decide(state) is Pause.WAIT
    playing.end(state, segments[0], recalled(segments[0], FOUR["A"]), 0.0)
    assert isinstance(search.decide(state), Stop)


def test_within_strata_the_best_of_each_goes_on():
    slow = curves(
        C_C__1=[0.5, 0.5, 0.5, 0.5], C_C__2=[0.6, 0.6, 0.6, 0.6], C_C__3=[0.4, 0.4, 0.4, 0.4],
        T_T__1=[0.1, 0.2, 0.6, 0.9], T_T__2=[0.2, 0.3, 0.4, 0.5],
    )  # fmt: skip
    assert ends(climbed(slow, **{**HALVING, "strata": "family"})) == {
        "C-C#1": ("stopped", 2), "C-C#2": ("finished", 4), "C-C#3": ("stopped", 1),
        "T-T#1": ("stopped", 1), "T-T#2": ("finished", 4),
    }  # fmt: skip
    done = [k for k, (s, _) in ends(climbed(slow, **HALVING)).items() if s == "finished"]
    assert done == ["C-C#1", "C-C#2"]  # among all, both that started fast


def test_so_many_of_each_stratum_go_on_at_least():
    six = curves(A=[0.1] * 4, B=[0.2] * 4, C=[0.3] * 4, D=[0.4] * 4, E=[0.5] * 4)

    def finish(**settings: Any) -> int:
        found = ends(climbed(six, **{**HALVING, "reduction": 4, **settings}))
        return sum(status == "finished" for status, _ in found.values())

    # at epoch 1 one in four, rounded up
    assert [finish(), finish(keep=3), finish(keep=9), finish(reduction=2)] == [2, 3, 5, 2]


def test_trials_that_diverged_before_a_rung_are_not_compared():
    lost = {**FOUR, "D": history("D", [0.9], number=4, epochs=3)}
    lost["C"] = history("C", [], number=3, epochs=3)
    found = ends(climbed(lost, **HALVING))
    assert found["C"] == ("diverged", 0)
    assert found["D"] == ("diverged", 1)
    assert found["B"] == ("finished", 3)  # of three that came to the rung two went on; D died
    assert found["A"] == ("stopped", 1)


def test_cohorts_of_a_fixed_size_come_one_after_another():
    found = ends(climbed(FOUR, **HALVING, cohort=2))
    assert found == {
        "A": ("stopped", 1), "B": ("finished", 3), "C": ("stopped", 1), "D": ("finished", 3),
    }  # fmt: skip
    search, _ = a_search(FOUR, **HALVING, cohort=2)
    state = StudyState()
    while isinstance(segment := search.decide(state), Segment):
        playing.start(state, segment, 0.0)
    assert (segment, len(state.histories())) == (Pause.WAIT, 2)


def test_controls_are_trained_to_the_end_in_one_go():
    recorded = by_label(SlowStarters(each=4).histories())
    _, rungs = a_search(recorded, kind="halving", controls=0.2)
    assert len(rungs.controls) == 4
    state = climbed(recorded, kind="halving", controls=0.2)
    for number, each in enumerate(state.histories(), start=1):
        if number in rungs.controls:
            assert (each.status.value, each.attempts) == ("finished", 1)
    without = climbed(recorded, kind="halving")
    promoted = {label for label, (status, _) in ends(without).items() if status == "finished"}
    assert promoted < {label for label, (s, _) in ends(state).items() if s == "finished"}


def test_i_epoch_keeps_the_best_of_all_and_trains_them_in_full():
    found = ends(climbed(FOUR, kind="i-epoch", first=2, keep=2))
    assert found == {
        "A": ("stopped", 2), "B": ("stopped", 2), "C": ("finished", 3), "D": ("finished", 3),
    }  # fmt: skip
    assert ends(climbed(FOUR, kind="i-epoch", first=1, keep=9)).keys() == FOUR.keys()
    assert {s for s, _ in ends(climbed(FOUR, kind="i-epoch", first=1, keep=9)).values()} == {
        "finished"
    }


def pooled(recorded: Mapping[str, TrialHistory], **settings: Any) -> list[bool]:
    """Whether all were compared together, of each cohort at its only rung."""
    labels = list(recorded)
    random.Random(0).shuffle(labels)
    mixed = {label: recorded[label] for label in labels}
    settings = {"kind": "halving", "controls": 0.1, "first": 5, "reduction": 4, **settings}
    _, rungs = a_search(mixed, **settings)
    return [d.pooled for d in rungs.decisions(climbed(mixed, **settings).histories())]


def test_strata_are_given_up_where_a_rung_is_known_to_tell_the_end():
    plain = by_label(SlowStarters(each=20, noise=0.0).histories(crossing=False))
    crossing = by_label(SlowStarters(each=20).histories())
    # five controls of a first cohort are too few to tell; the second knows how the first ended
    assert pooled(plain, cohort=50) == [False, True]
    assert pooled(crossing, cohort=50) == [False, False]
    # five of a cohort of twenty finish: eight are needed
    assert pooled(plain, cohort=20, controls=0.0) == [False, False, True, True, True]
    # ten are enough
    assert pooled(plain) == [True]
    assert pooled(crossing) == [False]
    assert pooled(plain, controls=0.05) == [False]
    assert pooled(crossing, strata="none") == [True]
    noisy = by_label(SlowStarters(each=20, noise=0.005).histories(crossing=False))
    assert [pooled(noisy, agree=agree) for agree in (0.5, 1.0)] == [[True], [False]]


def test_controls_that_can_tell_are_waited_for_and_others_are_not():
    recorded = by_label(SlowStarters(each=20, epochs=6).histories())
    for controls, waits in ((0.1, True), (0.05, False)):
        settings = {"kind": "halving", "controls": controls}
        search, rungs = a_search(recorded, **settings)
        state = StudyState()
        while isinstance(segment := search.decide(state), Segment):
            playing.start(state, segment, 0.0)
            if len(state.histories()) not in rungs.controls:
                playing.end(state, segment, recalled(segment, recorded[segment.trial.label]), 0.0)
            else:  # it has come to the rung, and is under way
                for epoch in recorded[segment.trial.label].epochs[:2]:
                    state.apply(epoch)
        assert (segment is Pause.WAIT) is waits
        assert isinstance(segment, Stop) is not waits


def test_what_is_expected_is_what_one_stratum_takes():
    search, _ = a_search(FOUR, **HALVING)
    assert (search.expected, search.expected_epochs) == (4, 4 * 1 + 2 * 1 + 1 * 1)
    assert sum(n for _, n in ends(climbed(FOUR, **HALVING)).values()) == 7


@pytest.mark.parametrize("workers", [2, 4, 7])
@pytest.mark.parametrize("cohort", [None, 16])
def test_more_workers_decide_the_same(workers, cohort):
    recorded = by_label(SlowStarters(each=8, noise=0.01).histories())
    settings = {"kind": "halving", "controls": 0.1, "cohort": cohort}
    alone = climbed(recorded, **settings)
    together = climbed(recorded, workers=workers, **settings)
    assert ends(together) == ends(alone)
    assert [h.message for h in together.histories()] == [h.message for h in alone.histories()]


class Learner:
    """Proposes candidate n when all up to n - 8 have ended, and not before."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        known = max(0, len(histories) - 7)
        if any(history.status not in FINAL for history in histories[:known]):
            return Pause.WAIT
        rest = self._candidates[len(histories) :]
        return rest[0] if rest else Pause.DONE


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_sampler_that_waits_for_results_gets_those_of_whole_cohorts(workers):
    recorded = by_label(SlowStarters(each=5).histories())
    settings = {"kind": "halving", "cohort": 8, "controls": 0.1}
    learning, _ = a_search(recorded, sampler=Learner, **settings)
    state = run(learning, recorded, workers=workers)
    assert len(state.histories()) == 25
    assert not any("nothing is left" in h.message for h in state.histories())
    assert ends(state) == ends(climbed(recorded, **settings))


class Waiting(Learner):
    """Has two candidates, and waits."""

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        return self._candidates[len(histories)] if len(histories) < 2 else Pause.WAIT


def test_a_cohort_is_not_decided_while_more_of_it_may_be_proposed():
    search, rungs = a_search(FOUR, sampler=Waiting, **HALVING)
    state = StudyState()
    for _ in range(2):
        segment = search.decide(state)
        assert isinstance(segment, Segment)
        playing.start(state, segment, 0.0)
        playing.end(state, segment, recalled(segment, FOUR[segment.trial.label]), 0.0)
    assert rungs.decide(state.histories()) is None
    assert rungs.decisions(state.histories()) == ()


@pytest.mark.parametrize("after", [7, 29, 83])
def test_a_search_that_is_killed_again_and_again_decides_the_same(tmp_path, after):
    recorded = by_label(SlowStarters(each=4, noise=0.01, epochs=10).histories())
    settings = {"kind": "halving", "controls": 0.1}
    undisturbed = climbed(recorded, **settings)
    kills = 0
    while not driven(a_search(recorded, **settings)[0], recorded, tmp_path, after=after):
        kills += 1
    assert kills >= 2
    with Journal(tmp_path) as journal:
        state = StudyState(journal.records, attempts_allowed=99)
    assert ends(state) == ends(undisturbed)
    assert [h.message for h in state.histories()] == [h.message for h in undisturbed.histories()]
