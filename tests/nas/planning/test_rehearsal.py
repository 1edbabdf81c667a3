"""A search run through: what it trains, how long workers are busy, when the last one ends."""

import pytest

from nas.planning.rehearsal import MOST, rehearsable, rehearse
from nas.search.build import build_search
from nas.spec.choices import RungMetric
from nas.spec.file import load_spec
from nas.study.records import DataShape, TrialStatus
from tests.nas.conftest import SMALL

SHAPE = DataShape(image_size=16, channels=1, classes=10)
FOUR = 'space.stages=[{"depth": 1, "width": 4, "stride": 1}, {"depth": [1, 2, 3, 4], "width": 8}]'


def rehearsed(*overrides: str, **arguments):
    spec, _ = rehearsable(load_spec(str(SMALL), overrides))
    arguments.setdefault("epoch_seconds", lambda trial: 1.0)
    return rehearse(build_search(spec, SHAPE), **arguments)


def test_every_trial_is_trained_once_and_seconds_add_up():
    run = rehearsed("search.seeds=3", segment_seconds=0.5)
    assert len(run.histories) == 6
    assert {h.status for h in run.histories} == {TrialStatus.FINISHED}
    assert run.epochs == 18
    assert run.busy == run.wall == pytest.approx(18 + 6 * 0.5)


def test_a_free_worker_takes_the_next_trial():
    seconds = {"C-C": 4.0, "C-T": 1.0}
    run = rehearsed("search.seeds=2", workers=2, epoch_seconds=lambda t: seconds[t.label])
    # one takes C-C twelve seconds; the other C-T three, then C-C's second seed twelve; C-T's three
    assert run.wall == pytest.approx(15.0)
    assert run.busy == pytest.approx(30.0)


def test_rungs_stop_trials_so_that_fewer_epochs_are_trained():
    halving = "search.allocation={kind: halving, first: 1, reduction: 2, strata: none, controls: 0}"
    run = rehearsed(halving, FOUR, "search.seeds=1", workers=2)
    statuses = [h.status for h in run.histories]
    assert statuses.count(TrialStatus.STOPPED) > 0
    assert run.epochs < 3 * len(statuses)


def test_the_best_of_what_was_explored_are_confirmed():
    run = rehearsed("search.seeds=1", "search.confirm={candidates: 2, seeds: 4}", FOUR)
    seeds = [h.trial.seed for h in run.histories]
    assert len(seeds) == len({h.trial.label for h in run.histories}) + 2 * 4
    assert max(seeds) == 4


def test_who_is_the_best_is_drawn_anew_by_seed():
    asked = ("search.seeds=1", "search.confirm={candidates: 2, seeds: 2}", FOUR)
    chosen = [
        frozenset(h.trial.label for h in rehearsed(*asked, seed=seed).histories if h.trial.seed)
        for seed in (0, 0, 1, 2, 3)
    ]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_what_needs_results_or_hours_is_replaced():
    tpe = load_spec(str(SMALL), ("search.sampler=tpe", f"search.candidates={3 * MOST}"))
    short, times = rehearsable(tpe)
    assert (short.search.sampler, short.search.candidates, times) == ("random", MOST, 3.0)
    rungs = load_spec(
        str(SMALL),
        (
            "search.sampler=tpe",
            "search.candidates=9",
            "search.seeds=1",
            "search.allocation={kind: halving, first: 1, metric: extrapolated}",
        ),
    )
    short, times = rehearsable(rungs)
    allocation = short.search.allocation
    assert (allocation.metric, allocation.cohort, times) == (RungMetric.LAST, rungs.search.lag, 1.0)
    plain = load_spec(str(SMALL))
    assert rehearsable(plain) == (plain, 1.0)
