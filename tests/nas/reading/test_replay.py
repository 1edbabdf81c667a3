"""A search replayed on recorded curves trains what it would have trained."""

import pytest

from nas.reading.replay import Recording, Replayer, run
from nas.spec.allocation import AllocationSpec
from nas.study.records import EpochMeasured, TrialHistory, TrialStatus
from nas.study.state import StudyState
from tests.nas.search.allocation.climbing import a_search, by_label, curves, history
from tests.nas.slow_starters import SlowStarters


def recording(histories: tuple[TrialHistory, ...]) -> Recording:
    trials: dict[str, dict[int, TrialHistory]] = {}
    for each in histories:
        trials.setdefault(each.trial.label, {})[each.trial.seed] = each
    seeds = tuple(sorted(next(iter(trials.values()))))
    return Recording(trials=trials, seeds=seeds, epochs=histories[0].trial.epochs)


STARTERS = recording(SlowStarters(each=4).histories(seeds=(0, 1, 2)))


def replayer(*, shuffled: bool = True, **allocation) -> Replayer:
    spec = AllocationSpec.model_validate(allocation)
    return Replayer(STARTERS, spec, shuffled=shuffled)


def test_in_full_everything_is_trained_with_one_seed():
    found = replayer().replay(0)
    assert (found.epochs, len(found.finished), found.stopped) == (20 * 20, 20, frozenset())
    assert found.candidates == STARTERS.trials.keys()


def test_epochs_are_those_of_the_recording_and_none_is_counted_twice():
    recorded = by_label(SlowStarters(each=4).histories())
    search, _ = a_search(recorded, kind="halving")
    for each in run(search, recorded).histories():
        assert each.epochs == recorded[each.trial.label].epochs[: len(each.epochs)]
        assert all(isinstance(epoch, EpochMeasured) for epoch in each.epochs)


def test_equal_numbers_are_equal_replays_and_seeds_take_turns():
    one, other = replayer(kind="halving"), replayer(kind="halving")
    assert [one.replay(n) for n in range(5)] == [other.replay(n) for n in range(5)]
    full = replayer()
    assert {full.replay(n).seed for n in range(20)} == {0, 1, 2}
    assert [one.replay(n).seed for n in range(9)] == [full.replay(n).seed for n in range(9)]


def test_a_budget_ends_it_at_the_first_segment_that_does_not_fit():
    found = replayer().replay(0, budget=0.33)  # 132 of 400 epochs: six trials of twenty
    assert (found.epochs, len(found.finished)) == (120, 6)
    early = replayer(kind="halving").replay(0, budget=0.05)  # 20 epochs: ten trials to a rung
    assert early.finished == frozenset()
    assert len(early.furthest) >= 1


def test_the_order_is_random_or_that_of_the_recording():
    labels = list(STARTERS.trials)
    first = replayer(shuffled=False).replay(0, budget=0.05).finished
    assert first == replayer(shuffled=False).replay(1, budget=0.05).finished == {labels[0]}
    assert len({replayer().replay(n, budget=0.05).finished for n in range(20)}) > 5


def test_some_candidates_may_be_drawn():
    found = [replayer(shuffled=False).replay(n, candidates=7) for n in range(20)]
    assert {len(each.candidates) for each in found} == {7}
    assert {each.epochs for each in found} == {140}
    assert len({each.candidates for each in found}) > 10


def test_a_run_that_diverged_ends_where_it_did():
    recorded = curves(A=[0.1, 0.2, 0.3], B=[0.3, 0.2, 0.1])
    recorded["B"] = history("B", [0.3, 0.2], number=2, epochs=3)
    search, _ = a_search(recorded, kind="halving", first=1, reduction=2, strata="none")
    first, second = run(search, recorded).histories()
    assert (first.status, second.status) == (TrialStatus.STOPPED, TrialStatus.DIVERGED)
    assert len(second.epochs) == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_segments_run_at_once_than_there_are_workers(workers, monkeypatch):
    recorded = by_label(SlowStarters(each=2).histories())
    search, _ = a_search(recorded, kind="asha")
    most = 0
    apply = StudyState.apply

    def watched(state, record):
        nonlocal most
        apply(state, record)
        most = max(most, sum(h.status is TrialStatus.RUNNING for h in state.histories()))

    monkeypatch.setattr(StudyState, "apply", watched)
    run(search, recorded, workers=workers)
    assert most == workers
