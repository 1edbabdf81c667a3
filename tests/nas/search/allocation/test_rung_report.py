"""What a report says of rungs: counts, false kills of controls, agreement with the end."""

from dataclasses import replace

import pytest

from nas.ranking.costs import priced_goals
from nas.ranking.validity import clopper_pearson
from nas.search.allocation.rung_report import RungReport, rung_report
from nas.spec.allocation import AllocationSpec
from nas.study.records import TrialStatus
from tests.nas.search.allocation.climbing import a_search, by_label, climbed, history
from tests.nas.slow_starters import SlowStarters


def reported(recorded, *, spoil=None, objectives=(), **settings) -> RungReport:
    """The report of a whole search; `spoil` changes the histories before they are read."""
    _, rungs = a_search(recorded, objectives=objectives, **settings)
    histories = climbed(recorded, objectives=objectives, **settings).histories()
    histories = spoil(histories) if spoil else histories
    scores = {
        h.trial.label: h.epochs[-1].evaluation_accuracy
        for h in histories
        if h.status is TrialStatus.FINISHED
    }
    spec = AllocationSpec.model_validate({"controls": 0.0, **settings})
    goals = priced_goals(objectives)
    return rung_report(rungs, spec, histories, scores=scores, goals=goals)


STARTERS = by_label(SlowStarters(each=8).histories())


def test_who_came_to_each_rung_and_what_became_of_it():
    first, second, third = reported(STARTERS, kind="halving", strata="none", controls=0.1).rungs
    assert (first.epoch, second.epoch, third.epoch) == (2, 6, 18)
    assert first.reached == first.promoted + first.stopped + first.controls == 40
    assert first.promoted == second.reached == 14
    assert second.promoted == third.reached == 5
    assert third.promoted == 2
    assert sum(rung.controls for rung in (first, second, third)) <= 4
    assert all(rung.pooled for rung in (first, second, third))
    assert not any(r.pooled for r in reported(STARTERS, kind="halving").rungs)


def test_cohorts_are_counted_together():
    (first, *_) = reported(STARTERS, kind="halving", strata="none", cohort=10).rungs
    assert (first.reached, first.promoted) == (40, 4 * 4)


def falling(*finals: float) -> dict:
    """Candidates that lead at epoch 1 in the order given, and end at these accuracies."""
    return {
        f"C#{n}": history(f"C#{n}", [0.5 - 0.01 * n, final], number=n)
        for n, final in enumerate(finals, start=1)
    }


ALL = {"kind": "halving", "first": 1, "reduction": 2, "strata": "none", "controls": 0.99}


@pytest.mark.parametrize(
    ("finals", "count"),
    [
        ((0.9, 0.8, 0.7, 0.6), 0),  # the order stays
        ((0.9, 0.8, 0.95, 0.85), 2),  # both that were turned down end above the second best
        ((0.9, 0.8, 0.7, 0.85), 1),
        ((0.9, 0.8, 0.7, 0.8), 0),  # a tie goes to who was promoted
        ((0.9, 0.5), 1),  # one was promoted: any other is among the best two
    ],
)
def test_a_false_kill_ends_above_the_second_best_of_the_promoted(finals, count):
    report = reported(falling(*finals), **ALL)
    (rung,) = report.rungs
    assert rung.controls == len(finals) // 2
    assert report.false_kills == rung.false_kills == clopper_pearson(count, rung.controls)


def test_a_control_that_diverged_was_turned_down_rightly_and_a_failed_one_tells_nothing():
    def spoil(histories, status):
        return [replace(h, status=status) if h.trial.label == "C#3" else h for h in histories]

    finals = falling(0.9, 0.8, 0.95, 0.85)
    diverged = reported(finals, spoil=lambda h: spoil(h, TrialStatus.DIVERGED), **ALL)
    assert (diverged.false_kills.count, diverged.false_kills.of) == (1, 2)
    failed = reported(finals, spoil=lambda h: spoil(h, TrialStatus.FAILED), **ALL)
    assert (failed.false_kills.count, failed.false_kills.of) == (1, 1)


def test_the_order_of_slow_starters_is_not_that_of_the_end():
    (first, *_, third) = reported(STARTERS, kind="halving", controls=0.4).rungs
    assert first.agreement is not None
    assert third.agreement is not None
    assert first.agreement.high is not None
    assert first.agreement.high < 0 < third.agreement.tau
    assert first.agreement.trials == third.agreement.trials >= 16


def test_the_sentence_says_what_the_controls_say():
    assert reported(falling(0.9, 0.8, 0.95, 0.85), **ALL).sentence == (
        "2 of 2 controls, turned down by a rung and trained to the end all the same, ended among "
        "the best two: so would 16% to 100% of the trials that were stopped (exact interval at "
        "95 %)."
    )
    none = reported(falling(0.9, 0.8), **{**ALL, "controls": 0.0})
    assert none.sentence.startswith("No control has ended")


def test_nothing_is_said_of_rungs_that_nobody_came_to():
    _, rungs = a_search(STARTERS, kind="halving")
    spec = AllocationSpec.model_validate({"kind": "halving"})
    report = rung_report(rungs, spec, (), scores={})
    assert (report.rungs, report.false_kills.of) == ((), 0)
    assert report.to_json()["rungs"] == []


@pytest.mark.parametrize("kind", ["asha", "pasha"])
def test_of_asynchronous_ones_too(kind):
    report = reported(STARTERS, kind=kind, controls=0.2)
    first = report.rungs[0]
    assert first.reached == 40
    assert first.reached == first.promoted + first.stopped + first.controls
    assert report.false_kills.of == sum(rung.controls for rung in report.rungs) > 0


def test_with_costs_a_false_kill_is_one_that_nothing_equals_in_everything():
    finals = falling(0.9, 0.8, 0.85, 0.85)
    macs = {"C#1": 5, "C#2": 1, "C#3": 5, "C#4": 2}
    priced = {
        label: replace(each, trial=replace(each.trial, macs=macs[label]))
        for label, each in finals.items()
    }
    found = reported(priced, objectives=["accuracy", "-macs"], **ALL)
    assert found.false_kills == clopper_pearson(1, 2)  # of C#3 C#1 alone is better, and as cheap
    assert "ended on the front of score and costs" in found.sentence
