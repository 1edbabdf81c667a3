"""Where chains are cut, which halves are shared, and what is refused."""

import numpy as np
import pytest

from nas.space.counting import cutting
from nas.space.counting.chains import OPEN, Chain, Step, budget
from nas.space.counting.halves import Half
from nas.space.counting.reach import Walks
from tests.nas.space.counting.random_chains import grown, listed, step


def test_bounds_that_rule_nothing_out_are_not_looked_at():
    chain = Chain(steps=(step([0, 0], [0, 0], [[1, 10, 7], [5, 20, 7]]),))
    reach = Walks([chain]).whole()
    found = cutting.window(budget(3, {0: (None, 4), 1: (5, 15), 2: (0, 9)}), reach, ())
    assert found.quantities == (0, 1)
    assert (found.low, found.high, found.width) == ((-OPEN, -OPEN), (4, 15), (4, 6))
    watched = cutting.window(budget(3), reach, (2,))
    assert (watched.quantities, watched.low, watched.high) == ((2,), (-OPEN,), (OPEN,))


@pytest.mark.parametrize("bounds", [(6, None), (None, 0), (4, 3)])
def test_bounds_that_no_path_can_keep_leave_no_window(bounds):
    reach = Walks([Chain(steps=(step([0, 0], [0, 0], [[1], [5]]),))]).whole()
    assert cutting.window(budget(1, {0: bounds}), reach, ()) is None


def test_halves_that_chains_share_grow_once(monkeypatch):
    made = []

    def counted(*args, **kwargs):
        made.append(args)
        return Half(*args, **kwargs)

    monkeypatch.setattr(cutting, "Half", counted)
    one, two = grown(0), grown(1)
    chains = [Chain(steps=(*a.steps[:2], *b.steps[2:])) for a in (one, two) for b in (one, two)]
    walks = Walks(chains)
    limits = budget(2, {0: (1500, 1600)})
    found = cutting.joins(chains, walks, cutting.window(limits, walks.whole(), ()), cells=10**6)
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert len(made) == 4
    for number, join in found:
        assert join.exact() == len(listed([_narrow(chains[number])], limits)) or join.exact() > 0


def _narrow(chain):
    return Chain(
        steps=tuple(
            Step(before=s.before[:9], after=s.after[:9], prices=s.prices[:9]) for s in chain.steps
        )
    )


def test_a_chain_without_a_path_is_left_out():
    good, dead = step([0], [1], [[1]]), step([0], [0], [[1]])
    chains = [Chain(steps=(good, dead)), Chain(steps=(good,))]
    walks = Walks(chains)
    limits = cutting.window(budget(1, {0: (1, None)}), walks.whole(), (0,))
    assert [number for number, _ in cutting.joins(chains, walks, limits, cells=100)] == [1]


def test_more_paths_than_numbers_can_name_are_refused():
    wide = Step(
        before=np.zeros(20_000, np.int64),
        after=np.zeros(20_000, np.int64),
        prices=np.ones((20_000, 1), np.int64),
    )
    chain = Chain(steps=(wide,) * 10)
    walks = Walks([chain])
    limits = cutting.window(budget(1), walks.whole(), (0,))
    with pytest.raises(ValueError, match="too many paths"):
        cutting.joins([chain], walks, limits, cells=100)
