"""Optuna's tree-structured Parzen estimator, shown the newest candidates and the best."""

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from optuna.distributions import CategoricalDistribution
from optuna.samplers import RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial

from nas.ranking.dominance import best_fronts
from nas.search.samplers.asking import ask, quietly, shown, study_of
from nas.search.samplers.distributions import Axes
from nas.search.samplers.learning import Ending, Seen
from nas.search.samplers.sampler import Assignment
from nas.seeds import derive_seed
from search_spaces.language.domains import AnyDomain, FloatRange, Value
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace

STARTUP = 10  # candidates drawn at random before the estimator has something to estimate from
DRAWS = 200  # for one of these, before the space is asked for a point that fits

# Its time grows with what it is shown. Of 250 and more it takes the best 25 for good, and those are
# always among the best 100; of the others it weighs the newest most (docs/samplers.md, "TPE").
NEWEST = 200
BEST = 100  # of those that are older


class Tpe:
    """Estimates where good candidates lie and where others; what is pending counts as the latter.

    Bergstra et al. 2011; multivariate as in Falkner et al. 2018 (arXiv 1807.01774).
    """

    startup = STARTUP

    def __init__(self, axes: Axes, *, seed: int) -> None:
        """Suggest points of the space of these axes."""
        self._axes, self._seed = axes, seed
        self._shown: dict[int, FrozenTrial] = {}  # as last shown, by place
        self._older: list[int] = []  # of several goals, where the best older ones are

    def learned(self, seen: Seen) -> None:
        """Take in the candidate that is no longer among the newest, and keep the best now and then.

        To sort the fronts of thousands at each question would take 0.1 s, and of two hundred at
        each candidate half a minute when a journal of 10,000 is read.
        """
        place = seen.ended - NEWEST - 1
        if len(seen.goals) > 1 and place >= 0:
            self._older.append(place)
            if len(self._older) >= 2 * BEST:
                self._older = best_of(seen, self._older, count=BEST)

    def choose(self, seen: Seen) -> Assignment:
        """Return the best of what the estimator draws."""
        seed = derive_seed(self._seed, "tpe", seen.number - 1) % 2**32
        sampler = quietly(
            lambda: TPESampler(
                seed=seed,
                n_startup_trials=0,
                multivariate=True,
                group=self._axes.conditional,
                constant_liar=True,
            )
        )
        return ask(self._trials(seen), sampler, self._axes, goals=len(seen.goals))

    def _trials(self, seen: Seen) -> list[FrozenTrial]:
        older = best_of(seen, self._older, count=BEST) if len(seen.goals) > 1 else None
        places = visible(seen, newest=NEWEST, best=BEST, older=older)
        worths = told(seen, places)
        trials = []
        for place in places:
            trial = self._shown.get(place)
            if trial is None or _differs(trial, worths[place]):
                stopped = seen.endings[place] is Ending.STOPPED and len(seen.goals) == 1
                trial = shown(
                    place,
                    self._axes.told(seen.points[place]),
                    self._axes,
                    worth=worths[place],
                    stopped_at=seen.epochs[place] if stopped else None,
                )
            trials.append(trial)
        self._shown = dict(zip(places, trials, strict=True))
        pending = [
            shown(place, self._axes.told(seen.points[place]), self._axes, worth=None)
            for place in seen.pending
        ]
        return trials + pending


def opening(space: SearchSpace, *, seed: int) -> Callable[[int], Iterator[Assignment]]:
    """Return where the first candidates come from: each layout is equally likely, then each value.

    They are what 0.1 and 0.2 drew, so that a search of theirs that was interrupted there goes on as
    it would have; of a space where most layouts have few points it shows more of each.
    """
    layouts = CategoricalDistribution([layout.name for layout in space.layouts])

    def draws(number: int) -> Iterator[Assignment]:
        sampler = RandomSampler(seed=derive_seed(seed, "tpe", number - 1) % 2**32)
        study = study_of((), sampler, goals=1)
        for _ in range(DRAWS):
            trial = study.ask({LAYOUT: layouts})
            layout = space.layout(trial.params[LAYOUT])
            values = {
                name: _first(trial, name, domain) for name, domain in layout.variables.items()
            }
            yield {LAYOUT: layout.name, **values}

    return draws


def _first(trial: Trial, name: str, domain: AnyDomain) -> Value:
    if isinstance(domain, FloatRange) and domain.step is None:
        return trial.suggest_float(name, domain.first, domain.last, log=domain.log)
    chosen = trial.suggest_categorical(name, domain.values())
    assert isinstance(chosen, int | float | str)  # one of them
    return chosen


def visible(seen: Seen, *, newest: int, best: int, older: list[int] | None = None) -> list[int]:
    """Return the places of the newest candidates that ended and of the best before, in order.

    `older` are these best where there are several goals.
    """
    first = max(seen.ended - newest, 0)
    if older is None and first <= best:
        older = list(range(first))
    elif older is None:
        only = seen.goals[0].worths
        older = sorted(heapq.nlargest(best, range(first), key=lambda place: (only[place], place)))
    return [*older, *range(first, seen.ended)]


def best_of(seen: Seen, places: Sequence[int], *, count: int) -> list[int]:
    """Return so many of these places, in order: those that the fewest dominate, front by front."""
    if len(places) <= count:
        return list(places)
    worths = np.array([seen.worth(place) for place in places])
    worths[[seen.endings[place] is Ending.LOST for place in places]] = -np.inf  # however cheap
    return [places[each] for each in best_fronts(worths, count).tolist()]


def told(seen: Seen, places: Sequence[int]) -> dict[int, tuple[float, ...]]:
    """Return the worth of candidates; those lost are below the worst, goal by goal.

    By as much as the best is above it. As failures, Optuna would not learn from them and soon ask
    for the same again; as 0, they would be far off and all that a model of the values sees.
    """
    worths = {place: seen.worth(place) for place in places}
    kept = [worths[place] for place in places if seen.endings[place] is not Ending.LOST]
    if not kept:
        return worths
    below = tuple(min(goal) - ((max(goal) - min(goal)) or 1.0) for goal in zip(*kept, strict=True))
    return {
        place: below if seen.endings[place] is Ending.LOST else worth
        for place, worth in worths.items()
    }


def _differs(trial: FrozenTrial, worth: tuple[float, ...]) -> bool:
    values = trial.values or list(trial.intermediate_values.values())
    return tuple(values) != worth
