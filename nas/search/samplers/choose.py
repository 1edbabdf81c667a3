"""From the words of a spec to the sampler that learns: each has its chooser here."""

from collections.abc import Callable
from dataclasses import replace

from nas.ranking.metrics import METRICS
from nas.ranking.objective import Objective
from nas.ranking.standings import Standings
from nas.search.samplers.distributions import Axes
from nas.search.samplers.evolution import Evolution
from nas.search.samplers.gp import Gp
from nas.search.samplers.learning import Chooser, Goal, LearningSampler, Pace, Seen
from nas.search.samplers.neighbours import Neighbours, OneChange
from nas.search.samplers.nsga import Nsga, NsgaII, NsgaIII
from nas.search.samplers.prices import Prices
from nas.search.samplers.sampler import Assignment, Draws, Maker
from nas.search.samplers.tpe import Tpe, opening
from nas.space.candidate import Candidate
from nas.spec.choices import Metric, Price, Sampling
from nas.spec.study import SearchSpec
from search_spaces.language.space import SearchSpace

Trainable = Callable[[Assignment], bool]  # whether a point makes a network

LEARNS: dict[Sampling, Callable[[Axes, int, Trainable], Chooser]] = {
    Sampling.TPE: lambda axes, seed, _: Tpe(axes, seed=seed),
    Sampling.GP: lambda axes, seed, trainable: Gp(axes, seed=seed, trainable=trainable),
    Sampling.NSGA2: lambda axes, seed, _: Nsga(axes, kind=NsgaII, seed=seed),
    Sampling.NSGA3: lambda axes, seed, _: Nsga(axes, kind=NsgaIII, seed=seed),
    Sampling.EVOLUTION: lambda axes, seed, _: Evolution(seed=seed),
}


def learning_sampler(
    space: SearchSpace,
    make: Maker,
    settings: SearchSpec,
    *,
    objective: Objective,
    neighbours: Neighbours | None = None,
    draws: Draws | None = None,
) -> LearningSampler:
    """Return the sampler of `settings`, one of `LEARNS`.

    Args:
        space: the points to choose from, sizes matched.
        make: turns a point into a network, or says why it cannot be trained.
        settings: the sampler's name, its seed, its lag and the seeds of a candidate.
        objective: what it maximises, unless `settings` name objectives; then how metrics are read.
        neighbours: networks near a point; by default those that differ in one variable.
        draws: where random points come from, by default all of the space.
    """
    axes = Axes(space)
    chooser, seed = LEARNS[settings.sampler], settings.seed
    tuned = METRICS[objective.metric].fine_tuned
    pace = Pace(lag=settings.lag, seeds=settings.seeds, tuned=tuned)

    def trainable(point: Assignment) -> bool:
        return isinstance(make(space.point(point)), Candidate)

    def begin() -> tuple[Seen, Chooser]:
        words = settings.objectives or (objective.metric,)
        seen = Seen(space, [_goal(word, objective, space) for word in words], pace)
        return seen, chooser(axes, seed, trainable)

    beside = neighbours or OneChange(space, make)
    known = {"begin": begin, "seed": seed, "neighbours": beside, "draws": draws}
    if settings.sampler is Sampling.TPE:
        return LearningSampler(space, make, **known, opening=opening(space, seed=seed))
    return LearningSampler(space, make, **known)


def _goal(word: str, objective: Objective, space: SearchSpace) -> Goal:
    name = word.removeprefix("-")
    if name in set(Price):
        return Prices(Price(name), sign=1 if name == word else -1, times=space.times)
    return Standings(replace(objective, metric=Metric(word)))
