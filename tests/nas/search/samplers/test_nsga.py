"""Generations are the candidates in their order; of each and its parents the best are parents."""

import random

import pytest

from nas.search.samplers.distributions import Axes
from nas.search.samplers.learning import Ending, Pace, Seen
from nas.search.samplers.nsga import POPULATION, Nsga, NsgaII, NsgaIII
from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT
from tests.contracts.sampler import SPACE

PLACE = parse_space(SPACE)


class Given:
    """A goal whose worths are known beforehand."""

    def __init__(self, worths: list[float]) -> None:
        self.worths = worths


def learnt(kind, *worths: list[float], lost=()) -> tuple[Nsga, Seen]:
    """Return what has learnt of so many candidates, a list of worths for each goal."""
    seen = Seen(PLACE, [Given(each) for each in worths], Pace(lag=1, seeds=1))
    rng, nsga = random.Random(0), Nsga(Axes(PLACE), kind=kind, seed=3)
    for place in range(len(worths[0])):
        seen.points.append(PLACE.assignment(PLACE.sample(rng)))
        seen.endings.append(Ending.LOST if place in lost else Ending.FINISHED)
        nsga.learned(seen)
    return nsga, seen


def parents(nsga: Nsga) -> list[int]:
    return sorted(parent.number - 1 for parent in nsga._parents)


@pytest.mark.parametrize("kind", [NsgaII, NsgaIII])
def test_the_best_of_a_generation_and_of_its_parents_are_the_next_parents(kind):
    worths = [random.Random(place).random() for place in range(2 * POPULATION + 5)]
    nsga, _ = learnt(kind, worths)
    best = sorted(range(2 * POPULATION), key=worths.__getitem__)[POPULATION:]
    assert parents(nsga) == sorted(best)


@pytest.mark.parametrize("kind", [NsgaII, NsgaIII])
def test_of_several_goals_whatever_is_not_dominated_stays(kind):
    size = 2 * POPULATION
    front = range(0, size, 4)
    first = [place / size if place in front else -1.0 for place in range(size)]
    second = [1 - place / size if place in front else -1.0 for place in range(size)]
    nsga, _ = learnt(kind, first, second)
    assert set(front) <= set(parents(nsga))


def test_what_is_lost_has_no_children():
    worths = [0.5] * POPULATION + [0.4] * POPULATION
    nsga, _ = learnt(NsgaII, worths, lost=range(0, 2 * POPULATION, 2))
    assert parents(nsga) == list(range(1, 2 * POPULATION, 2))


@pytest.mark.parametrize("kind", [NsgaII, NsgaIII])
def test_children_have_what_their_parents_have_but_for_mutations(kind):
    worths = [random.Random(place).random() for place in range(POPULATION)]
    alike, changed = 0, 0
    nsga, seen = learnt(kind, worths)
    for _ in range(30):
        child = nsga.choose(seen)
        assert nsga.choose(seen) == child, "a function of what was seen"
        for name, value in child.items():
            own = {point.get(name) for point in seen.points if point[LAYOUT] == child[LAYOUT]}
            alike, changed = alike + (value in own), changed + (value not in own)
        seen.points.append(seen.points[0])  # the next number
    assert alike > 100
    assert changed < 30
