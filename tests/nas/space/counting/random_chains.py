"""Small chains and budgets drawn by hypothesis, and points listed the slow way."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from nas.space.counting.chains import BARRED, START, Chain, Step, budget


def step(before, after, prices):
    """Return a step of lists."""
    return Step(
        before=np.array(before, np.int64),
        after=np.array(after, np.int64),
        prices=np.array(prices, np.int64),
    )


@st.composite
def steps(draw, *, quantities, first, most=20):
    """Draw a step; some of its states are not reached, some edges barred."""
    edges = draw(st.integers(1, 6))
    states = st.integers(0, 3)
    starts = st.sampled_from([START, START, START, 1]) if first else st.one_of(states, states)
    return step(
        draw(st.lists(starts | st.just(BARRED), min_size=edges, max_size=edges)),
        draw(st.lists(states, min_size=edges, max_size=edges)),
        draw(
            st.lists(
                st.tuples(*[st.integers(-3, most)] * quantities), min_size=edges, max_size=edges
            )
        ),
    )


@st.composite
def spaces(draw):
    """Draw one to four chains, of which some share their first or last steps, and a budget."""
    quantities = draw(st.integers(1, 3))
    most = draw(st.sampled_from([4, 20, 10**12]))
    length = draw(st.integers(1, 5))
    made = []
    for _ in range(draw(st.integers(1, 3))):
        own = [
            draw(steps(quantities=quantities, first=place == 0, most=most))
            for place in range(length)
        ]
        if made and draw(st.booleans()):
            shared = draw(st.integers(0, length))
            own = [*made[0].steps[:shared], *own[shared:]]
        made.append(Chain(steps=tuple(own), multiplicity=draw(st.sampled_from([1, 1, 3, 10**20]))))
    bound = st.none() | st.integers(-3 * length, most * length)
    limits = budget(quantities, {each: (draw(bound), draw(bound)) for each in range(quantities)})
    return made, limits


def listed(chains, limits):
    """Return the paths in the budget as (chain, edges), by walking all of them."""
    found = []
    for number, chain in enumerate(chains):
        for edges in product(*(range(len(each.before)) for each in chain.steps)):
            state, price = START, 0
            for each, edge in zip(chain.steps, edges, strict=True):
                if each.before[edge] != state:
                    break
                state, price = each.after[edge], price + each.prices[edge]
            else:
                if (limits.low <= price).all() and (price <= limits.high).all():
                    found.append((number, edges))
    return found


def points(chains, limits):
    """Return how many points are in the budget."""
    return sum(chains[number].multiplicity for number, _ in listed(chains, limits))


def pairs(paths):
    """Return paths as (chain, edges)."""
    return [
        (chain, tuple(each for each in edges if each >= 0))
        for chain, edges in zip(paths.chain.tolist(), paths.edges.tolist(), strict=True)
    ]


def grown(seed, *, states=6, edges=60, length=4, quantities=2, most=1000):
    """Return a chain of some 10^5 paths."""
    rng = np.random.default_rng(seed)
    return Chain(
        steps=tuple(
            Step(
                before=rng.integers(0, states if place else 1, edges),
                after=rng.integers(0, states, edges),
                prices=rng.integers(0, most, (edges, quantities)),
            )
            for place in range(length)
        )
    )
