"""Extreme prices, state by state, against all paths."""

import numpy as np
from hypothesis import given, settings

from nas.space.counting.chains import START, Chain, budget
from nas.space.counting.reach import FAR, Walks, extremes
from tests.nas.space.counting.random_chains import listed, spaces, step


def summed(chain, edges, places):
    return sum(chain.steps[place].prices[edges[place]] for place in places)


@settings(deadline=None)
@given(spaces())
def test_least_and_largest_sums_are_those_of_all_paths(space):
    chains, limits = space
    paths = listed(chains, budget(len(limits.low)))
    found = extremes(chains)
    assert Walks(chains).paths() == len(paths)
    if not paths:
        assert found is None
        return
    sums = [summed(chains[n], edges, range(len(edges))) for n, edges in paths]
    assert found is not None
    assert found[0].tolist() == np.min(sums, axis=0).tolist()
    assert found[1].tolist() == np.max(sums, axis=0).tolist()


@settings(deadline=None)
@given(spaces())
def test_parts_of_paths_meet_in_their_states(space):
    chains, limits = space
    chain = chains[0]
    cut = len(chain.steps) // 2
    first, second = chain.steps[:cut], chain.steps[cut:]
    walks = Walks(chains)
    before, behind = walks.before(first), walks.behind(second)
    whole = listed([chain], budget(len(limits.low)))
    assert (before.paths * behind.paths).sum() == len(whole)
    for _, edges in whole:
        state = second[0].before[edges[cut]]
        price = summed(chain, edges, range(cut, len(edges)))
        assert (behind.low[state] <= price).all()
        assert (behind.high[state] >= price).all()


def test_what_is_not_reached_is_far():
    chain = Chain(steps=(step([START, 1], [2, 3], [[5], [6]]),))
    reach = Walks([chain]).before(chain.steps)
    assert reach.paths.tolist() == [0, 0, 1, 0]
    assert reach.low[:, 0].tolist() == [FAR, FAR, 5, FAR]
    assert reach.high[:, 0].tolist() == [-FAR, -FAR, 5, -FAR]


def test_steps_that_chains_share_are_walked_once():
    shared = step([START], [0], [[1]])
    chains = [Chain(steps=(shared, step([0], [0], [[each]]))) for each in (1, 2)]
    walks = Walks(chains)
    assert walks.before(chains[0].steps[:1]) is walks.before(chains[1].steps[:1])
    assert walks.extremes() == (np.array([2]), np.array([3]))
