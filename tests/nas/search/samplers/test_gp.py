"""The Gaussian process is shown the newest and the best, and climbs towards what is good."""

from nas.search.samplers.gp import TRIES
from nas.space.candidate import Candidate, Rejection
from search_spaces.language.parse import parse_space
from tests.nas.search.samplers.test_sampler import SPACE, depth_of_first, make, play, tpe


def test_it_climbs():
    """The best of all points is 1; it has 0.96 here, the estimator 0.85, chance 0.42."""
    found: list[float] = []
    for seed in range(4):
        gp = tpe(parse_space(SPACE), make, seed=seed, sampler="gp")
        histories = play(gp, 22, depth_of_first)[14:]
        found += [history.epochs[-1].evaluation_accuracy for history in histories]
    assert sum(found) / len(found) > 0.9


def test_what_it_wants_can_be_trained_where_it_finds_such():
    """Deep networks are good and cannot be trained, so that what is hoped for most is of no use."""
    asked: list[bool] = []

    def shallow(point) -> Candidate | Rejection:
        fits = point.stages[0].depth <= 2
        asked.append(fits)
        return make(point) if fits else Rejection(layout="C-C", point=str(point), reason="deep")

    gp = tpe(parse_space(SPACE), shallow, seed=0, sampler="gp")
    histories = play(gp, 14, depth_of_first)
    asked.clear()
    assert isinstance(gp.propose(histories), Candidate)
    assert asked[-1], "what it wanted was made once more, and proposed"
    assert False in asked
    assert len(asked) <= TRIES + 1
