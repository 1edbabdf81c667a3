"""What claims of a ranking make of a front: nothing more, and nothing less."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.ranking.pareto import Standing, claimed_front, estimated_front
from nas.ranking.result import Symbol
from nas.spec.choices import Metric, Price
from tests.nas.rankings import layout, ranking, relation

MACS, PARAMETERS, MEMORY = Price.MACS, Price.PARAMETERS, Price.ACTIVATION_MEMORY


def prices(**macs):
    return {label: {MACS: value} for label, value in macs.items()}


def standings(found):
    return {each.label: each.standing.value for each in found.candidates}


def test_who_is_claimed_to_be_better_than_all_that_cost_no_more_is_on_the_front():
    found = claimed_front(ranking("A > B > C > D"), {}, prices(A=9, B=4, C=5, D=1), [MACS])
    assert standings(found) == {"A": "front", "B": "front", "C": "dominated", "D": "front"}
    assert {each.label: each.dominated_by for each in found.candidates}["C"] == ("B",)
    assert found.sentence == (
        "3 of 4 candidates are on the front of accuracy against MACs by point estimates; "
        "3 certainly, 1 certainly not, 0 open."
    )


def test_what_is_not_claimed_is_open_and_the_cheapest_needs_no_claim():
    for mark in ("?", "≈", "≥", "|"):
        found = claimed_front(ranking(f"A {mark} B"), {}, prices(A=9, B=1), [MACS])
        assert standings(found) == {"A": "open", "B": "front"}
        assert [each.on_front for each in found.candidates] == [True, True]
        found = claimed_front(ranking(f"A {mark} B"), {}, prices(A=1, B=9), [MACS])
        assert standings(found) == {"A": "front", "B": "open"}
        assert [each.on_front for each in found.candidates] == [True, False]


def test_a_claim_that_is_withheld_claims_nothing():
    found = ranking("A > B")
    held = tuple(replace(each, withheld="sizes differ") for each in found.relations)
    claimed = claimed_front(replace(found, relations=held), {}, prices(A=9, B=1), [MACS])
    assert standings(claimed) == {"A": "open", "B": "front"}


def test_what_follows_from_claims_is_claimed_unless_it_is_withheld():
    chain = ranking("A > B > C")  # A and C: "?"
    found = claimed_front(chain, {}, prices(A=2, B=9, C=4), [MACS])
    assert standings(found) == {"A": "front", "B": "dominated", "C": "dominated"}
    apart = ranking("A > B > C", "A | C")
    found = claimed_front(apart, {}, prices(A=2, B=9, C=4), [MACS])
    assert standings(found) == {"A": "front", "B": "dominated", "C": "open"}


def test_of_equal_costs_a_claim_decides():
    found = claimed_front(ranking("A ≫ B"), {}, prices(A=5, B=5), [MACS])
    assert standings(found) == {"A": "front", "B": "dominated"}
    found = claimed_front(ranking("A ? B"), {}, prices(A=5, B=5), [MACS])
    assert standings(found) == {"A": "open", "B": "open"}


def test_one_cost_more_can_only_help():
    both = {"A": {MACS: 5, PARAMETERS: 9}, "B": {MACS: 6, PARAMETERS: 1}}
    found = ranking("A > B")
    assert standings(claimed_front(found, {}, both, [MACS]))["B"] == "dominated"
    assert standings(claimed_front(found, {}, both, [MACS, PARAMETERS]))["B"] == "front"


def test_who_lacks_a_cost_is_left_out_and_named():
    found = claimed_front(
        ranking("A > B"), {}, {"A": {MACS: 5, MEMORY: None}, "B": {MACS: 6, MEMORY: 2.0}},
        [MACS, MEMORY],
    )  # fmt: skip
    assert found.left_out == ("A",)
    assert standings(found) == {"B": "front"}
    assert "not known of them: A" in found.notes[0]


def test_what_is_preliminary_says_so_and_a_failed_placebo_undoes_all():
    found = claimed_front(
        ranking("A > B", preliminary="only 2 seeds", placebo=relation("A", ">", "A~twin")),
        {}, prices(A=9, B=1), [MACS],
    )  # fmt: skip
    assert "2 seemingly," in found.sentence
    assert "nothing here is to be trusted" in found.notes[-1]


@st.composite
def truths(draw):
    """True scores and costs of some candidates, and which pairs are claimed: only true ones."""
    count = draw(st.integers(1, 6))
    scores = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    costs = draw(
        st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=count, max_size=count)
    )
    pairs = [tuple(sorted(p, key=lambda i: -scores[i])) for p in combinations(range(count), 2)]
    may = [pair for pair in pairs if scores[pair[0]] > scores[pair[1]]]
    return scores, costs, draw(st.lists(st.sampled_from(may), unique=True)) if may else []


@given(truths())
def test_where_the_claims_are_true_so_is_every_standing(truth):
    scores, costs, claims = truth
    labels = [f"N{i}" for i in range(len(scores))]
    found = ranking(labels[0])
    found = replace(
        found,
        layouts=tuple(layout(label, score) for label, score in zip(labels, scores, strict=True)),
        relations=tuple(relation(labels[a], ">", labels[b]) for a, b in claims),
    )
    priced = {label: {MACS: a, PARAMETERS: b} for label, (a, b) in zip(labels, costs, strict=True)}
    for each in claimed_front(found, {}, priced, [MACS, PARAMETERS]).candidates:
        i = labels.index(each.label)
        beaten = any(
            scores[j] >= scores[i]
            and costs[j][0] <= costs[i][0]
            and costs[j][1] <= costs[i][1]
            and (scores[j], *costs[j]) != (scores[i], *costs[i])
            for j in range(len(labels))
        )
        assert each.on_front is not beaten
        if each.standing is Standing.FRONT:
            assert not beaten
        if each.standing is Standing.DOMINATED:
            assert beaten
            assert each.dominated_by


def test_without_claims_there_are_point_estimates_and_they_say_so():
    scores = {"A": {0: 0.9}, "B": {0: 0.8}, "C": {0: 0.7}}
    layouts = dict.fromkeys(scores, "C")
    found = estimated_front(
        scores, layouts, prices(A=9, B=10, C=2), [MACS], metric=Metric.ACCURACY, alpha=0.05
    )
    assert [(x.label, x.standing, x.low) for x in found.on_front] == [
        ("A", None, None), ("C", None, None),
    ]  # fmt: skip
    assert found.sentence == (
        "2 of 3 candidates are on the front of accuracy against MACs by point estimates; "
        "one seed each has no interval, so nothing is claimed of them."
    )


def test_several_seeds_have_an_interval():
    scores = {"A": {0: 0.8, 1: 0.9}}
    found = estimated_front(
        scores, {"A": "C"}, prices(A=9), [MACS], metric=Metric.ACCURACY, alpha=0.05
    )
    (one,) = found.candidates
    assert one.low is not None
    assert (one.score, one.low) == (
        pytest.approx(0.85),
        pytest.approx(0.85 - 12.706 * 0.05, abs=1e-3),
    )


@pytest.mark.parametrize("symbol", [Symbol.EQUIVALENT, Symbol.NOT_WORSE, Symbol.UNDECIDED])
def test_only_better_is_better(symbol):
    found = ranking(f"A {symbol.value} B")
    assert standings(claimed_front(found, {}, prices(A=1, B=2), [MACS]))["B"] == "open"
