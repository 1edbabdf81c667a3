"""What emptied a space, against all of its points."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.space.counting import emptiness
from nas.space.counting.chains import Chain, budget
from nas.space.counting.emptiness import Constraint, attainable, why_empty
from tests.nas.space.counting.random_chains import grown, listed, spaces, step


def limits_of(quantities, constraints):
    found = budget(quantities)
    for each in constraints:
        found = found.narrowed(each.quantity, low=each.low, high=each.high)
    return found


def values(chains, limits, quantity):
    return [
        sum(chains[n].steps[place].prices[edge, quantity] for place, edge in enumerate(edges))
        for n, edges in listed(chains, limits)
    ]


@settings(deadline=None, max_examples=100)
@given(spaces(), st.booleans(), st.sampled_from([0, 2000]))
def test_attainable_values_are_attained_and_the_last(space, largest, tries):
    chains, limits = space
    there = values(chains, limits, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emptiness, "_TRIES", tries)
        found = attainable(chains, limits, 0, largest=largest)
    assert found == (None if not there else max(there) if largest else min(there))


@st.composite
def constrained(draw):
    chains, limits = draw(spaces())
    quantities = len(limits.low)
    bounds = draw(
        st.lists(
            st.tuples(st.integers(0, quantities - 1), st.booleans(), st.integers(-5, 60)),
            min_size=1,
            max_size=4,
        )
    )
    return chains, [
        Constraint(name=str(n), quantity=q, **{"low" if low else "high": bound})
        for n, (q, low, bound) in enumerate(bounds)
    ]


@settings(deadline=None, max_examples=150)
@given(constrained())
def test_the_first_constraint_that_leaves_nothing_is_named(space):
    chains, constraints = space
    quantities = chains[0].steps[0].prices.shape[1]
    left = lambda some: listed(chains, limits_of(quantities, some))  # noqa: E731
    found = why_empty(chains, constraints)
    if not left([]):
        assert found is not None
        assert found.constraint is None
        return
    if left(constraints):
        assert found is None
        return
    assert found is not None
    last, others = found.constraint, list(found.others)
    place = constraints.index(last)
    assert left(constraints[:place])
    assert not left(constraints[: place + 1])
    assert set(others) <= set(constraints[:place])
    assert not left([*others, last])
    for each in others:
        assert left([*[other for other in others if other is not each], last])
    there = values(chains, limits_of(quantities, others), last.quantity)
    assert found.nearest == (min(there) if last.low is None else max(there))


def test_a_large_space_says_how_near_its_points_come():
    chain = grown(6, states=12, edges=1500, length=4, most=10**9)
    few = Constraint(name="first", quantity=0, high=10**8)
    many = Constraint(name="second", quantity=1, low=39 * 10**8)
    found = why_empty([chain], [few, many])
    assert found is not None
    assert (found.constraint, found.others) == (many, (few,))
    nearest = budget(2, {0: (None, 10**8), 1: (found.nearest, None)})
    assert emptiness.Feasible([chain], nearest).count(exact=True).value >= 1
    beyond = nearest.narrowed(1, low=found.nearest + 1)
    assert emptiness.Feasible([chain], beyond).count(exact=True).value == 0


def test_a_constraint_has_one_bound():
    for bounds in ({}, {"low": 1, "high": 2}):
        with pytest.raises(ValueError, match="one bound"):
            Constraint(name="both", quantity=0, **bounds)


def test_chains_without_a_path_are_empty_by_themselves():
    dead = Chain(steps=(step([1], [0], [[3]]),))
    found = why_empty([dead], [Constraint(name="any", quantity=0, high=5)])
    assert found is not None
    assert found.constraint is None
    assert attainable([dead], budget(1), 0, largest=True) is None
