"""Half paths as they grow, merged or not, against all of them."""

import numpy as np
import pytest

from nas.space.counting import halves
from nas.space.counting.chains import OPEN, START, budget
from nas.space.counting.halves import Arrows, Half, Window
from nas.space.counting.reach import Walks
from tests.nas.space.counting.random_chains import grown, listed

CHAIN = grown(1, states=4, edges=14, length=4)
CUT = 3


def half(low=-OPEN, high=OPEN, *, most=10**6):
    walks = Walks([CHAIN])
    first = CHAIN.steps[:CUT]
    reaches = [walks.before(first[:place]) for place in range(CUT + 1)]
    arrows = [
        Arrows(
            source=each.before,
            target=each.after,
            prices=each.prices,
            edge=np.arange(len(each.before)),
        )
        for each in first
    ]
    window = Window(quantities=(1,), low=(low,), high=(high,), width=(1000,))
    return Half(arrows, (reaches, walks.behind(CHAIN.steps[CUT:])), window, most=most)


def found_in(half):
    """Return the edges, the state and the rounded price of every half path."""
    cells = half.cells
    cell = np.repeat(np.arange(len(cells)), cells.weight)
    rest = np.concatenate([np.arange(weight) for weight in cells.weight])
    edges = half.edges(cell, rest)
    return {
        tuple(row): (state, low)
        for row, state, low in zip(
            edges.tolist(), cells.state[cell].tolist(), cells.low[0][cell].tolist(), strict=True
        )
    }


@pytest.mark.parametrize("bounds", [(-OPEN, OPEN), (1500, OPEN), (-OPEN, 1500), (1800, 2000)])
@pytest.mark.parametrize("most", [1, 50, 10**6])
def test_what_completes_within_the_budget_is_there_once(bounds, most, monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    made = half(*bounds, most=most)
    found = found_in(made)
    assert len(found) == made.cells.weight.sum()
    [slack] = made.cells.slack
    assert (slack > 0) is (most < 10**6)
    whole = listed([CHAIN], budget(2, {1: bounds}))
    assert {edges[:CUT] for _, edges in whole} <= found.keys()
    for edges, (state, low) in found.items():
        price = sum(CHAIN.steps[place].prices[edge, 1] for place, edge in enumerate(edges))
        assert low <= price <= low + slack
        assert state == CHAIN.steps[CUT - 1].after[edges[-1]]
        assert CHAIN.steps[0].before[edges[0]] == START


def test_what_nothing_completes_within_the_budget_is_dropped():
    everything, few = half(), half(1800, 2000)
    assert 0 < few.cells.weight.sum() < everything.cells.weight.sum() / 2
    assert len(half(10**6, 10**7).cells) == 0


def test_merging_keeps_the_number_of_cells_down(monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    assert len(half(most=50).cells) < len(half().cells) / 2


def test_equal_prices_are_merged_without_slack(monkeypatch):
    monkeypatch.setattr(halves, "_FEW", 0)
    made = half()
    assert made.cells.slack == (0,)
    assert made.cells.weight.sum() == len(found_in(made))
