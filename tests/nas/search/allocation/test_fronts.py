"""Promotion by fronts: nobody goes on before who is better and cheaper."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.ranking.costs import PricedGoal
from nas.search.allocation.fronts import crowding, ranked
from nas.search.allocation.ladder import stratum
from nas.spec.choices import Price, Strata
from nas.study.journal import Journal
from nas.study.records import TrialHistory, TrialStatus
from nas.study.state import StudyState
from tests.nas.search.allocation.climbing import a_search, climbed, driven, ends, history

SMALL = ["accuracy", "-macs"]
FIRST = {"kind": "halving", "first": 1, "reduction": 2}


@st.composite
def some_worths(draw):
    columns = draw(st.integers(1, 4))
    few = st.integers(0, 5).map(float)
    rows = draw(st.lists(st.tuples(*[few] * columns), min_size=1, max_size=25))
    return np.array(rows) * [1.0, *[-1.0] * (columns - 1)]


def beats(one, other):
    return bool((one >= other).all() and (one > other).any())


@given(some_worths())
def test_nobody_comes_before_who_dominates_it(worths):
    order = [i for i, _ in ranked(worths)]
    assert sorted(order) == list(range(len(worths)))
    for at, one in enumerate(order):
        assert not any(beats(worths[other], worths[one]) for other in order[at + 1 :])


def test_without_costs_the_best_reading_comes_first_and_equal_ones_stay_in_order():
    assert ranked(np.array([[0.1], [0.9], [0.5]])) == [(1, 0), (2, 1), (0, 2)]
    assert ranked(np.array([[0.5], [0.9], [0.5]])) == [(1, 0), (0, 1), (2, 1)]


def test_of_one_front_the_ends_come_first_and_then_who_has_most_room():
    readings, macs = [0.9, 0.5, 0.88, 0.7, 0.89], [1e9, 1e6, 9e8, 1e7, 9.5e8]
    worths = np.column_stack([readings, -np.array(macs)])
    assert ranked(worths) == [(0, 0), (1, 0), (3, 0), (2, 0), (4, 0)]


@pytest.mark.parametrize("sign", [1, -1])
def test_room_is_measured_in_ratios_of_costs_and_in_differences_of_readings(sign):
    room = crowding(np.array([[0.9, sign * 1e3], [0.8, sign * 10], [0.7, sign * 5], [0.4, sign]]))
    assert room.tolist() == pytest.approx([
        math.inf,
        0.2 / 0.5 + math.log(200) / math.log(1000),
        0.4 / 0.5 + math.log(10) / math.log(1000),
        math.inf,
    ])  # fmt: skip


def test_equal_candidates_have_no_room_beside_the_first():
    room = crowding(np.array([[0.9, -2.0], [0.9, -2.0], [0.5, -1.0]]))
    assert room.tolist() == [math.inf, 0.0, math.inf]


def test_a_cost_that_is_not_known_is_the_worst_and_makes_no_room():
    worths = np.array([[0.9, -math.inf], [0.9, -4.0], [0.8, -2.0], [0.7, -1.0]])
    assert ranked(worths)[-1] == (0, 1)
    assert crowding(np.array([[0.9, -1.0], [1.0, -math.inf], [0.8, -0.5]])).tolist() == [
        pytest.approx(1.0), math.inf, math.inf,
    ]  # fmt: skip


# Candidates of two families with costs, and how a cohort of them is compared.


def recorded(rows: Sequence[tuple[str, Sequence[float], int]]) -> dict[str, TrialHistory]:
    """Trials by label, of rows of layout, accuracies and MACs."""
    found = {}
    for number, (layout, accuracies, macs) in enumerate(rows, start=1):
        each = history(f"{layout}#{number}", accuracies, number=number)
        trial = replace(each.trial, macs=macs)
        found[trial.label] = replace(each, trial=trial)
    return found


def flat(layout: str, accuracy: float, macs: int) -> tuple[str, Sequence[float], int]:
    return layout, [accuracy] * 4, macs


@st.composite
def cohorts(draw):
    values = st.integers(1, 9).map(lambda n: n / 10)
    rows = st.tuples(st.sampled_from(["C-C", "C-T"]), values, st.integers(1, 6))
    return [flat(*row) for row in draw(st.lists(rows, min_size=2, max_size=12))]


@settings(deadline=None)  # the first of all loads what the others share
@given(cohorts(), st.sampled_from(["none", "family", "layout"]))
def test_no_promoted_candidate_is_dominated_by_one_left_behind_in_its_stratum(rows, strata):
    trials = recorded(rows)
    asked = {**FIRST, "strata": strata, "objectives": SMALL}
    state = climbed(trials, **asked)
    decisions = a_search(trials, **asked)[1].decisions(state.histories())
    by_id = {h.trial.id: h for h in state.histories()}
    goal = PricedGoal(price=Price.MACS, sign=-1)
    assert decisions
    for decision in decisions:
        kind = Strata.NONE if decision.pooled else Strata(strata)
        for mine in (by_id[name] for name in decision.promoted):
            for other in (by_id[name] for name in decision.behind):
                if stratum(mine.trial, kind) != stratum(other.trial, kind):
                    continue
                left, went = (
                    np.array([h.epochs[0].evaluation_accuracy, goal.worth(h)])
                    for h in (other, mine)
                )
                assert not beats(left, went)


FOUR = recorded(
    [flat("C", 0.9, 6), flat("C", 0.8, 6), flat("C", 0.5, 1), flat("C", 0.4, 3)]
)  # fmt: skip


def test_halving_with_costs_keeps_the_cheap_and_says_which_front_one_was_on():
    state = climbed(FOUR, **FIRST, strata="none", objectives=SMALL)
    messages = {h.trial.label: h.message for h in state.histories()}
    assert messages["C#2"] == "number 3 of 4 at epoch 1, on front 2; 2 went on"
    assert messages["C#3"] == "number 2 of 2 at epoch 2, on front 1; 1 went on"
    assert messages["C#1"] == ""


def test_a_cost_may_be_wanted_large_and_metrics_alone_change_nothing():
    large = climbed(FOUR, **FIRST, strata="none", objectives=["accuracy", "macs"])
    assert ends(large)["C#2"] == ("stopped", 2)
    plain = climbed(FOUR, **FIRST, strata="none")
    assert ends(climbed(FOUR, **FIRST, strata="none", objectives=["accuracy"])) == ends(plain)
    assert "front" not in "".join(h.message for h in plain.histories())


@pytest.mark.parametrize(
    "allocation",
    [{"kind": "asha"}, {"kind": "pasha"}, {"kind": "i-epoch", "keep": 2}],
)
def test_published_allocations_keep_their_one_objective(allocation):
    alone = climbed(FOUR, first=1, **allocation)
    assert ends(climbed(FOUR, first=1, objectives=SMALL, **allocation)) == ends(alone)


WAVES = recorded(
    [(f"C-{'CT'[n % 2]}", [0.1 + 0.02 * ((n * (7 + e)) % 11) for e in range(4)], 1 + (n * 5) % 7)
     for n in range(9)]
)  # fmt: skip
KILLED = {**FIRST, "controls": 0.2, "objectives": SMALL}


@pytest.mark.parametrize("workers", [2, 3])
def test_more_workers_decide_the_same(workers):
    alone, together = climbed(WAVES, **KILLED), climbed(WAVES, workers=workers, **KILLED)
    assert ends(together) == ends(alone)
    assert {h.trial.label: h.message for h in together.histories()} == {
        h.trial.label: h.message for h in alone.histories()
    }


def test_a_search_cut_at_any_record_goes_on_the_same(tmp_path):
    whole = climbed(WAVES, **KILLED)
    messages = {h.message for h in whole.histories()}
    assert any("on front 2" in each for each in messages)
    assert TrialStatus.STOPPED in {h.status for h in whole.histories()}
    cut = 0
    while True:
        cut, folder = cut + 1, tmp_path / str(cut)
        folder.mkdir()
        ended = driven(a_search(WAVES, **KILLED)[0], WAVES, folder, after=cut)
        assert ended or driven(a_search(WAVES, **KILLED)[0], WAVES, folder, after=10**9)
        with Journal(folder) as journal:
            state = StudyState(journal.records, attempts_allowed=99)
        assert ends(state) == ends(whole)
        assert [h.message for h in state.histories()] == [h.message for h in whole.histories()]
        if ended:
            break
    assert cut > 50
