"""The Gaussian process is shown the newest and the best, and climbs towards what is good."""

from nas.ranking.objective import Objective
from nas.search.samplers.choose import learning_sampler
from nas.search.samplers.gp import TRIES
from nas.space.candidate import Candidate, Rejection
from nas.spec.choices import Metric
from nas.spec.study import SearchSpec
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
    """Deep networks are good and cannot be trained: what is hoped for most of all is of no use."""
    asked: list[bool] = []

    def shallow(point) -> Candidate | Rejection:
        fits = point.stages[0].depth <= 2
        asked.append(fits)
        return make(point) if fits else Rejection(layout="C-C", point=str(point), reason="deep")

    missed: list[object] = []

    def beside(point, rng):
        missed.append(point)
        return iter(())  # a random network is proposed

    settings = SearchSpec(sampler="gp", candidates=99, seeds=1, seed=0, lag=1)
    objective = Objective(metric=Metric.ACCURACY)
    gp = learning_sampler(
        parse_space(SPACE), shallow, settings, objective=objective, neighbours=beside
    )
    histories = play(gp, 30, depth_of_first)
    assert len(missed) <= 6, "of 20; asking nobody it is 20"
    asked.clear()
    assert isinstance(gp.propose(histories), Candidate)
    assert len(asked) <= 2 * TRIES + 2
