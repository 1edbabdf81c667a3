"""Who can still be the best, and how seldom that is wrong."""

import numpy as np
import pytest

from nas.ranking.forecast.scenarios import Scenario, differences, draw, pairs_of
from nas.ranking.forecast.simulate import replicate
from nas.ranking.statistics.certificate import Design, look, read
from nas.ranking.statistics.contest import comparisons, contest
from nas.spec.study import Correction, Question, Until

DESIGN = Design(
    first=6, last=20, alpha=0.05, margin=0.005, large_margin=0.05, correction=Correction.HOLM
)


def held(means, *, seeds=6, sd=0.001, until=Until.SETTLED, judged=None):
    """The contest of one study whose layouts have so many seeds each."""
    scores = draw(Scenario(means=means, sds=(sd,) * len(means)), studies=1, seeds=20, seed=3)
    d = differences(scores)[0]
    pairs = pairs_of(len(means))
    n = np.full(len(pairs), seeds)
    verdict = read(look(d, DESIGN), n, DESIGN, until=until)
    bounds = look(d, DESIGN, pairs=comparisons(len(means)))
    return contest(bounds, verdict, pairs, DESIGN, until=until, judged=judged)


def test_whoever_is_certainly_worse_than_another_is_out():
    found = held((0.7, 0.9, 0.8))
    assert found.out.tolist() == [True, False, True]
    assert found.leader == 1
    assert not found.open.any()
    assert found.decided == 1


def test_the_leader_is_held_against_those_that_can_be_the_best_alone():
    """Layouts 0 and 1 are alike, so are 2 and 3, far below: nobody asks about those."""
    found = held((0.9, 0.9, 0.7, 0.7), sd=0.01)
    assert found.out.tolist() == [False, False, True, True]
    assert [tuple(pair) for pair in pairs_of(4)[found.open]] == [(0, 1)]


def test_settled_is_content_with_at_most_a_margin_and_sharp_is_not():
    means = (0.9, 0.8965)
    settled, sharp = (held(means, until=until, sd=0.002) for until in Until)
    assert settled.close.all()
    assert not settled.out.any()
    assert not settled.open.any()
    assert sharp.open.all()


def test_pairs_that_are_not_judged_put_nobody_out():
    found = held((0.7, 0.9, 0.8), judged=np.array([False, True, False]))
    assert found.out.tolist() == [True, False, False]
    assert found.leader == 2  # 1 is compared with nobody
    assert not found.open.any()  # and no seed would change that


def test_before_the_first_look_nobody_is_out():
    found = held((0.7, 0.9, 0.8), seeds=5)
    assert not found.out.any()
    assert found.leader == 1
    assert (found.chance == 1).all()


@pytest.mark.parametrize(("layouts", "divisor"), [(2, 1.0), (3, 1.0), (5, 2.0), (10, 4.5)])
def test_one_sided_comparisons_with_the_best_share_the_level(layouts, divisor):
    assert comparisons(layouts) == divisor


@pytest.mark.slow
@pytest.mark.parametrize("until", Until)
@pytest.mark.parametrize("means", [(0.0, 0.0), (0.0,) * 5, (0.0, -0.0001, -0.0001, -0.02, -0.02)])
def test_a_wrong_winner_is_rarely_named_however_often_one_looks(means, until):
    scenario = Scenario(means=means, sds=(0.01,) * len(means))
    d = differences(draw(scenario, studies=3000, seeds=20, seed=9))
    found = replicate(d, DESIGN, until=until, question=Question.WINNER).contest
    named = (~found.out).sum(axis=-1) == 1
    top = np.array(means) == max(means)
    wrong = named & ~(top[found.leader] & (top.sum() == 1))
    assert wrong.mean() <= 0.05
    assert found.out[:, top].all(axis=-1).mean() <= 0.05


def test_it_costs_less_than_the_order_where_the_others_are_alike():
    scenario = Scenario(means=(0.0, *(-0.02,) * 4), sds=(0.003,) * 5)
    d = differences(draw(scenario, studies=100, seeds=20, seed=4))
    order, winner = (
        replicate(d, DESIGN, until=Until.SHARP, question=each).runs.sum(axis=-1).mean()
        for each in Question
    )
    assert winner <= 0.5 * order
