"""Groups that no claim tells apart."""

from hypothesis import given
from hypothesis import strategies as st

from nas.report.figures.groups import Group, _cliques, groups


def test_groups_are_maximal_and_keep_equivalence_apart(ranked, related):
    table = ranked({"A": 0.9, "B": 0.89, "C": 0.88, "D": 0.5})
    pairs = related("A ≈ B", "A ? C", "B ≥ C", "A > D", "B ≫ D", "C > D")
    assert groups(table, pairs) == [
        Group(members=("A", "B", "C"), equivalent=False),
        Group(members=("A", "B"), equivalent=True),
    ]


def test_a_group_that_is_equivalent_throughout_is_named_once(ranked, related):
    table = ranked({"A": 0.9, "B": 0.89, "C": 0.88})
    found = groups(table, related("A ≈ B", "A ≈ C", "B ≈ C"))
    assert found == [Group(members=("A", "B", "C"), equivalent=True)]


def test_a_layout_between_two_of_a_group_need_not_belong(ranked, related):
    found = groups(ranked({"A": 0.9, "B": 0.89, "C": 0.88}), related("A > B", "A ? C", "B > C"))
    assert found == [Group(members=("A", "C"), equivalent=False)]


def test_every_pair_told_apart_leaves_no_group(ranked, related):
    assert groups(ranked({"A": 0.9, "B": 0.8}), related("A ≫ B")) == []


def test_a_withheld_layout_is_in_no_group_and_a_withheld_pair_is_not_told_apart(ranked, related):
    table = ranked({"A": 0.9, "B": 0.89, "C": 0.88}, withheld=["", "", "overfits"])
    pairs = related("A > B", "A ? C", "B ? C", withheld=["sizes differ", "overfits", "overfits"])
    assert groups(table, pairs) == [Group(members=("A", "B"), equivalent=False)]


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] < p[1])))
def test_cliques_are_those_that_trying_all_sets_finds(edges):
    tied = {str(i): {str(j) for j in range(7) if tuple(sorted((i, j))) in edges} for i in range(7)}
    every = [frozenset(str(i) for i in range(7) if mask >> i & 1) for mask in range(1, 128)]
    cliques = [s for s in every if all(s - {each} <= tied[each] for each in s)]
    maximal = {s for s in cliques if not any(s < other for other in cliques)}
    found = list(_cliques(tied))
    assert set(found) == maximal
    assert len(found) == len(maximal)
