"""Counts equal enumeration, draws are fair, and both say how sure they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import chisquare

from nas.space.counting import feasible, halves
from nas.space.counting.chains import Chain, Step, budget
from nas.space.counting.feasible import Feasible, count, sample
from nas.space.counting.paths import prices
from tests.nas.space.counting.random_chains import grown, listed, pairs, points, spaces, step

CHAIN = grown(4, states=3, edges=9, length=3, most=100)
OTHER = Chain(
    steps=(*CHAIN.steps[:2], *grown(5, states=3, edges=9, length=3).steps[2:]), multiplicity=3
)
BUDGETS = [
    {},
    {0: (None, 150)},
    {0: (100, 200), 1: (80, None)},
    {0: (120, 180), 1: (100, 300)},
]


@settings(deadline=None, max_examples=150)
@given(spaces())
def test_a_count_equals_enumeration(space):
    found = count(*space)
    expected = points(*space)
    assert (found.value, found.low, found.high, found.exact) == (expected,) * 3 + (True,)
    assert (found.error, set(found.resolution)) == (0, {0})


@settings(deadline=None, max_examples=100)
@given(spaces())
def test_a_count_that_is_not_exact_is_within_proven_bounds(space):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(halves, "_FEW", 0)
        patch.setattr(feasible, "EXACT_WORK", -1)
        for cells in (1, 30, 10**4):
            found = count(*space, cells=cells)
            assert found.low <= points(*space) <= found.high
            assert found.low <= found.value <= found.high


@settings(deadline=None, max_examples=100)
@given(spaces())
def test_what_is_drawn_is_in_the_budget(space):
    chains, limits = space
    there = set(listed(chains, limits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(halves, "_FEW", 0)
        some = Feasible(chains, limits, cells=20)
        if not there:
            patch.setattr(feasible, "MOST_TRIES", 1000)
            with pytest.raises(ValueError, match=r"no point in the budget|none of"):
                some.sample(1, np.random.default_rng(0))
            return
        drawn = some.sample(30, np.random.default_rng(0))
    assert len(drawn.paths) == 30
    assert 0 < drawn.acceptance <= 1
    assert set(pairs(drawn.paths)) <= there


@pytest.mark.parametrize("bounds", BUDGETS)
@pytest.mark.parametrize("cells", [1, 10**6])
def test_draws_are_uniform(bounds, cells, monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    chains, limits = [CHAIN, OTHER], budget(2, bounds)
    there = listed(chains, limits)
    weights = np.array([chains[number].multiplicity for number, _ in there])
    n = 40 * int(weights.sum())
    drawn = Feasible(chains, limits, cells=cells).sample(n, np.random.default_rng(7))
    places = {path: place for place, path in enumerate(there)}
    observed = np.bincount([places[path] for path in pairs(drawn.paths)], minlength=len(there))
    assert len(there) > 20
    assert chisquare(observed, n * weights / weights.sum()).pvalue > 0.001


def test_beyond_64_bits_counts_are_exact_and_draws_fair():
    free = Step(
        before=np.zeros(30_000, np.int64),
        after=np.zeros(30_000, np.int64),
        prices=np.arange(30_000)[:, None] % 2,
    )
    chains = [Chain(steps=(free,) * 7, multiplicity=10**9), Chain(steps=(free,) * 7)]
    found = Feasible(chains, budget(1, {0: (None, 1)}))
    assert found.count(exact=True).value == (10**9 + 1) * 8 * 15_000**7
    drawn = found.sample(4000, np.random.default_rng(0))
    assert (drawn.paths.chain == 0).all()
    even = (prices(chains, drawn.paths) == 0).sum()
    assert abs(even - 500) < 5 * np.sqrt(4000 * 7 / 64)


def test_equal_generators_draw_equal_points():
    limits = budget(2, BUDGETS[2])
    draw = lambda seed: pairs(sample([CHAIN, OTHER], limits, 50, np.random.default_rng(seed)).paths)  # noqa: E731
    assert draw(1) == draw(1) != draw(2)


def test_some_edges_can_be_kept():
    limits = budget(2, {0: (100, 200)})
    first, third = listed([CHAIN], limits)[0][1][0], np.array([2, 3, 5])
    there = {p for p in listed([CHAIN], limits) if p[1][0] == first and p[1][2] in third}
    drawn = sample([CHAIN], limits, 500, np.random.default_rng(0), fixed={0: first, 2: third})
    assert set(pairs(drawn.paths)) == there


def test_a_count_that_would_not_be_exact_can_be_asked_to_be(monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    limits = budget(2, BUDGETS[3])
    rough = Feasible([CHAIN, OTHER], limits, cells=10)
    assert not rough.count().exact
    assert rough.count(exact=True).value == points([CHAIN, OTHER], limits)


@pytest.mark.parametrize(("name", "value"), [("EXACT_CELLS", 10), ("MOST_WORK", 10)])
def test_an_exact_count_that_is_too_large_is_refused(name, value, monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    monkeypatch.setattr(feasible, name, value)
    with pytest.raises(ValueError, match="too large to be counted exactly"):
        count(
            [CHAIN], budget(2, BUDGETS[3]), exact=True, cells=10 if name == "EXACT_CELLS" else 10**6
        )


def test_a_large_space_is_counted_and_drawn_from_within_its_resolution(monkeypatch):
    monkeypatch.setattr(feasible, "EXACT_WORK", -1)
    chain = grown(6, states=12, edges=1500, length=4, most=10**9)
    limits = budget(2, {0: (19 * 10**8, 21 * 10**8), 1: (None, 2 * 10**9)})
    some = Feasible([chain], limits, cells=400_000)
    found, exact = some.count(), some.count(exact=True)
    assert exact.exact
    assert found.low <= exact.value <= found.high
    assert found.error < 0.25
    assert abs(found.value / exact.value - 1) < 0.01
    assert 0 < found.resolution[0] < found.resolution[1] < 2 * 10**9 / 5
    drawn = some.sample(2000, np.random.default_rng(0))
    assert drawn.acceptance > 0.8
    assert limits.holds(prices([chain], drawn.paths)).all()


@settings(deadline=None, max_examples=60)
@given(spaces())
def test_every_path_can_be_listed(space):
    found = Feasible(*space).every()
    assert found is not None
    assert sorted(pairs(found)) == listed(*space)


def test_too_many_paths_are_not_listed():
    assert Feasible([CHAIN], budget(2)).every(most=10) is None


def test_points_up_to_a_bound_are_counted():
    some = Feasible([CHAIN, OTHER], budget(2, BUDGETS[1]), watched=(1,))
    expected = [
        points([CHAIN, OTHER], budget(2, {**BUDGETS[1], 1: (None, each)})) for each in (50, 150)
    ]
    assert some.cumulative(1, (50, 150)) == (expected, 0)


def test_none_are_drawn_where_none_are_asked_for():
    assert len(Feasible([CHAIN], budget(2)).sample(0, np.random.default_rng(0)).paths) == 0


def test_a_chain_of_one_step_is_a_space():
    chain = Chain(steps=(step([0, 0, 1], [0, 1, 0], [[1], [2], [3]]),))
    assert count([chain], budget(1)).value == 2
    assert count([chain], budget(1, {0: (2, None)})).value == 1
