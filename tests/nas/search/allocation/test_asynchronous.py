"""ASHA and PASHA as published, with an answer at the end and controls beside them."""

import pytest

from nas.reading.replay import recalled
from nas.search import playing
from nas.search.allocation.asynchronous import noise
from nas.study.records import Segment
from nas.study.state import StudyState
from tests.nas.search.allocation.climbing import a_search, by_label, climbed, curves, ends, history
from tests.nas.slow_starters import SlowStarters

NINE = {f"C#{n}": history(f"C#{n}", [0.1 * n, 0.1 * n, 0.1 * n], number=n) for n in range(9, 0, -1)}
ASHA = {"kind": "asha", "first": 1, "reduction": 3}


def asked(recorded, **settings) -> list[tuple[str, int]]:
    """Labels and goals of all segments of one worker, in their order."""
    search, _ = a_search(recorded, **settings)
    state, found = StudyState(), []
    while isinstance(segment := search.decide(state), Segment):
        playing.start(state, segment, 0.0)
        playing.end(state, segment, recalled(segment, recorded[segment.trial.label]), 0.0)
        found.append((segment.trial.label, segment.until_epoch))
    return found


def test_a_third_of_those_at_a_rung_goes_on_as_soon_as_it_may():
    assert asked(NINE, **ASHA) == [
        ("C#9", 1), ("C#8", 1), ("C#7", 1), ("C#9", 3),
        ("C#6", 1), ("C#5", 1), ("C#4", 1), ("C#8", 3),
        ("C#3", 1), ("C#2", 1), ("C#1", 1), ("C#7", 3),
    ]  # fmt: skip
    # Who comes first is compared with few: the later, the better the one that goes on.
    worst_first = dict(reversed(NINE.items()))
    promoted = [label for label, goal in asked(worst_first, **ASHA) if goal == 3]
    assert promoted == [f"C#{n}" for n in range(3, 10)]


def test_of_rungs_with_somebody_to_promote_the_highest_is_asked_first():
    recorded = {f"C#{n}": history(f"C#{n}", [0.1 * n] * 9, number=n) for n in range(1, 9)}
    search, _ = a_search(recorded, kind="asha", first=1, reduction=2)
    state, out = StudyState(), []

    def ask() -> tuple[str, int]:
        segment = search.decide(state)
        assert isinstance(segment, Segment)
        playing.start(state, segment, 0.0)
        out.append(segment)
        return segment.trial.label, segment.until_epoch

    def end(count: int) -> None:
        for segment in out[:count]:
            playing.end(state, segment, recalled(segment, recorded[segment.trial.label]), 0.0)
        del out[:count]

    assert [ask() for _ in range(6)] == [(f"C#{n}", 1) for n in range(1, 7)]
    end(4)
    assert [ask(), ask()] == [("C#4", 2), ("C#3", 2)]
    end(4)  # of six at the first rung one more may go on, of two at the second one
    assert [ask(), ask()] == [("C#4", 4), ("C#6", 2)]


def test_one_worker_follows_the_best_up():
    four = curves(A=[0.5] * 9, B=[0.4] * 9, C=[0.9] * 9, D=[0.8] * 9)
    assert asked(four, kind="asha", first=1, reduction=2) == [
        ("A", 1), ("B", 1), ("A", 2), ("C", 1), ("C", 2), ("C", 4), ("D", 1), ("D", 2), ("C", 9),
    ]  # fmt: skip


def test_the_best_is_trained_to_the_end_where_nobody_else_was():
    four = curves(A=[0.1] * 5, B=[0.2] * 5, C=[0.4] * 5, D=[0.3] * 5)
    found = ends(climbed(four, **ASHA))
    assert found == {
        "A": ("stopped", 1), "B": ("stopped", 1), "C": ("finished", 5), "D": ("stopped", 1),
    }  # fmt: skip


def test_controls_change_nothing_of_what_it_promotes():
    recorded = by_label(SlowStarters(each=6).histories())
    _, rungs = a_search(recorded, kind="asha", controls=0.2)
    labels = list(recorded)
    drawn = {labels[number - 1] for number in rungs.controls}
    others = {label: each for label, each in recorded.items() if label not in drawn}
    found = ends(climbed(recorded, kind="asha", controls=0.2))
    assert {found[label] for label in drawn} == {("finished", 20)}
    assert {k: v for k, v in found.items() if k not in drawn} == ends(climbed(others, kind="asha"))


def test_what_became_of_trials_at_each_rung():
    recorded = by_label(SlowStarters(each=6).histories())
    _, rungs = a_search(recorded, kind="asha", controls=0.2)
    state = climbed(recorded, kind="asha", controls=0.2)
    decisions = rungs.decisions(state.histories())
    assert [each.epoch for each in decisions] == [2, 6, 18]
    (first, *_) = decisions
    assert len(first.reached) == 30
    assert len(first.promoted) + len(first.behind) == 30
    control = {h.trial.id for n, h in enumerate(state.histories(), 1) if n in rungs.controls}
    least = min(
        h.epochs[1].evaluation_accuracy
        for h in state.histories()
        if h.trial.id in first.promoted - control
    )
    for each in state.histories():
        if each.trial.id in control:
            good = each.epochs[1].evaluation_accuracy >= least
            assert (each.trial.id in first.promoted) is good
    assert control & first.behind.keys()


def test_pasha_stays_low_while_the_order_stays():
    # Orders never change: two rungs are enough, and then the best is trained to the end.
    found = [n for _, n in ends(climbed(NINE_LONG, kind="pasha", first=1, reduction=3)).values()]
    assert sorted(set(found)) == [1, 3, 30]
    asha = [n for _, n in ends(climbed(NINE_LONG, kind="asha", first=1, reduction=3)).values()]
    assert 9 in asha


def test_pasha_climbs_on_where_orders_disagree():
    crossing = {
        label: history(label, [*each[:2], *(1 - v for v in each[2:])])
        for label, each in ((n, [e.evaluation_accuracy for e in h.epochs])
                            for n, h in NINE_LONG.items())
    }  # fmt: skip
    found = [n for _, n in ends(climbed(crossing, kind="pasha", first=1, reduction=3)).values()]
    assert 9 in found


NINE_LONG = {
    f"C#{n}": history(f"C#{n}", [0.03 * n + 0.001 * e for e in range(30)], number=n)
    for n in range(1, 28)
}


@pytest.mark.parametrize(
    ("one", "other", "below", "epsilon"),
    [
        ([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], 1, 0.0),  # never cross
        ([0.1, 0.4, 0.5], [0.2, 0.3, 0.3], 1, 0.0),  # cross once
        ([0.1, 0.4, 0.3], [0.2, 0.3, 0.4], 1, 0.1),  # and back
        ([0.1, 0.4, 0.3], [0.2, 0.3, 0.4], 3, 0.0),  # nothing after the rung below
    ],
)
def test_noise_is_how_far_curves_are_apart_that_cross_back(one, other, below, epsilon):
    assert noise([one, other], below=below) == pytest.approx(epsilon)
    assert noise([other, one], below=below) == pytest.approx(epsilon)


def test_noise_is_the_90th_percentile_over_pairs():
    curves_ = [[0.1, 0.4, 0.3], [0.2, 0.3, 0.4], [0.15, 0.35, 0.32]]
    # pairs 0-1: 0.1; 0-2: 0.02; 1-2: 0.08
    assert noise(curves_, below=1) == pytest.approx(0.096)
