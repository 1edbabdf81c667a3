"""Trials that come on top of the first seeds."""

from nas.planning.seeds import added_trials
from nas.spec.file import load_spec
from tests.nas.conftest import SMALL


def spec(*overrides: str):
    return load_spec(str(SMALL), overrides)


def test_without_room_for_more_none_is_added():
    found = added_trials(spec(), 2, noise=None)
    assert (found.estimate, found.low, found.high) == (0, 0, 0)


def test_without_a_noise_the_whole_range_is_the_interval():
    found = added_trials(spec("search.seeds=6", "search.max_seeds=10"), 5, noise=None)
    assert (found.low, found.high) == (0, 5 * 4)
    assert 0 < found.estimate < 20


def test_more_noise_asks_for_more_seeds_and_is_narrower_than_the_range():
    asked = spec("search.seeds=6", "search.max_seeds=20")
    quiet, loud = (added_trials(asked, 5, noise=noise) for noise in (0.0005, 0.01))
    assert quiet.estimate < loud.estimate
    assert quiet.high < 5 * 14


def test_only_the_winner_asks_for_fewer():
    asked = ("search.seeds=3", "search.max_seeds=20")
    order = added_trials(spec(*asked), 5, noise=0.003)
    winner = added_trials(spec(*asked, "ranking.question=winner"), 5, noise=0.003)
    assert winner.estimate < 0.7 * order.estimate


def test_a_budget_of_trials_bounds_them():
    asked = spec("search.seeds=6", "search.max_seeds=20", "search.trials=33")
    assert added_trials(asked, 5, noise=None).high == 3


def test_with_a_second_part_the_shortlist_is_what_gets_more():
    asked = spec("search.seeds=1", "search.confirm={candidates: 3, seeds: 6, max_seeds: 8}")
    assert added_trials(asked, 60, noise=None).high == 3 * 2


def test_one_seed_forecasts_nothing_but_the_range():
    found = added_trials(spec("search.seeds=1", "search.max_seeds=3"), 2, noise=0.01)
    assert (found.estimate, found.high) == (0, 4)
