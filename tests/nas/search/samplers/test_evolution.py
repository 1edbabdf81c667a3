"""Parents are the best of a few of the newest; age alone ends them."""

from collections import Counter
from types import SimpleNamespace

from nas.search.samplers.evolution import POPULATION, SAMPLE, Evolution


def parents(worths: list[float], questions: int = 400) -> Counter:
    """Return how often each place was chosen, over so many seeds."""
    chosen = Counter()
    for seed in range(questions):
        seen = SimpleNamespace(
            ended=len(worths),
            number=len(worths) + 3,
            points=range(len(worths)),
            worth=lambda place: (worths[place],),
        )
        chosen[Evolution(seed=seed).choose(seen)] += 1
    return chosen


def test_the_best_of_a_sample_is_chosen():
    chosen = parents([place / 100 for place in range(POPULATION)])
    share = SAMPLE / POPULATION  # the best is chosen whenever it is drawn
    assert abs(chosen[POPULATION - 1] / 400 - share) < 0.07
    assert min(chosen) >= SAMPLE - 1, "the worst of all cannot win"


def test_the_oldest_die_however_good():
    worths = [0.99] * 3 + [0.5] * POPULATION
    assert min(parents(worths)) >= 3


def test_a_question_has_one_answer():
    worths = [0.1 * (place % 7) for place in range(50)]
    assert parents(worths, 20) == parents(worths, 20)
