"""A search played in memory: workers, lengths, budgets and divergence."""

from nas.search.playing import Measured, play
from nas.study.records import Segment, TrialStatus
from tests.nas.builders import measured
from tests.nas.search.test_search import grid


def epochs(segment: Segment, until: int) -> Measured:
    found = [measured(segment.trial.id, epoch) for epoch in range(1, until + 1)]
    return Measured(epochs=found, diverged=until < segment.until_epoch)


def whole(segment: Segment, _: float) -> Measured:
    return epochs(segment, segment.until_epoch)


def test_workers_share_what_the_search_asks_for():
    for workers, wall in ((1, 12.0), (2, 6.0), (3, 6.0), (4, 3.0)):
        played = play(grid("A", "B"), length=lambda _: 3.0, measure=whole, workers=workers)
        assert (played.busy, played.wall) == (12.0, wall)
        assert {h.status for h in played.state.histories()} == {TrialStatus.FINISHED}


def test_nothing_begins_once_a_segment_does_not_fit():
    played = play(grid("A", "B"), length=lambda s: 5.0 if s.trial.label == "B" else 1.0,
                  measure=whole, workers=2, most=4.0)  # fmt: skip
    assert [h.trial.id for h in played.state.histories()] == ["0001-A-s0"]
    assert (played.busy, played.wall) == (1.0, 1.0)


def test_what_diverged_has_ended():
    played = play(grid("A", seeds=1), length=lambda _: 1.0, measure=lambda s, _: epochs(s, 2))
    (history,) = played.state.histories()
    assert (history.status, len(history.epochs)) == (TrialStatus.DIVERGED, 2)
