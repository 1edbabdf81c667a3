"""The claims of whole rankings, held over many studies that grow seed by seed as a search does.

What `test_simulate.py` holds of the certificate is held here of `rank` and `open_layouts`: the
pairing of seeds, the looks, the family of pairs and the placebo's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from nas.ranking.open_pairs import open_layouts
from nas.ranking.relations import rank
from nas.ranking.result import Ranking, Relation, Symbol
from nas.spec.study import Metric, RankingSpec, SearchSpec
from nas.study.records import TrialHistory
from tests.nas.synthetic import SyntheticLayout, study

EQUAL = SyntheticLayout(accuracy=0.7, spread=0.01)
SPEC = RankingSpec(metric=Metric.ACCURACY)
LOOKS = (3, 16)  # few seeds and many looks: the hardest on a level, and the noise here is normal
SEARCH = SearchSpec(seeds=3, max_seeds=16)
IMAGES = 1_000_000  # so many that the evaluation set itself adds nothing
TOLD_APART = (Symbol.BETTER, Symbol.MUCH_BETTER)
STUDIES = 200
BAR = 0.05 + 2.33 * (0.05 * 0.95 / STUDIES) ** 0.5  # passed by 5 % in 99 of 100 drawings

Study = list[Sequence[TrialHistory]]  # as it is at one look after the other


def grown(seed: int) -> Study:
    """Three equal layouts and a twin, from the first round to the last look."""
    names = ("A", "B", "C", "X")
    whole = [
        replace(h, trial=replace(h.trial, label="A~twin", twin=True)) if h.trial.label == "X" else h
        for h in study(dict.fromkeys(names, EQUAL), seeds=range(LOOKS[1]), epochs=1, seed=seed)
    ]
    has = dict.fromkeys(("A", "B", "C", "A~twin"), LOOKS[0])
    looks: Study = []
    more: Sequence[str] = tuple(has)
    while more:
        looks.append([h for h in whole if h.trial.seed < has[h.trial.label]])
        more = open_layouts(looks[-1], SPEC, search=SEARCH, evaluation_images=IMAGES)
        for label in more:
            has[label] += 1
    return looks


def ranked(looks: Study, *, seeds: tuple[int, int] | None) -> list[Ranking]:
    return [rank(look, SPEC, evaluation_images=IMAGES, seeds=seeds) for look in looks]


@pytest.fixture(scope="module")
def studies() -> list[Study]:
    return [grown(seed) for seed in range(STUDIES)]


@pytest.fixture(scope="module")
def rankings(studies: list[Study]) -> list[list[Ranking]]:
    return [ranked(looks, seeds=LOOKS) for looks in studies]


@pytest.mark.slow
def test_equal_layouts_are_rarely_told_apart(rankings: list[list[Ranking]]) -> None:
    assert max(len(looks) for looks in rankings) == LOOKS[1] - LOOKS[0] + 1
    assert 0 < told_apart([[look.relations for look in looks] for looks in rankings]) <= BAR


@pytest.mark.slow
def test_nor_is_the_placebo(rankings: list[list[Ranking]]) -> None:
    assert all(look.placebo for looks in rankings for look in looks)
    placebos = [[(look.placebo,) for look in looks if look.placebo] for looks in rankings]
    assert 0 < told_apart(placebos) <= BAR


@pytest.mark.slow
def test_levels_of_one_look_would_not_hold_at_every_look(studies: list[Study]) -> None:
    """The mistake that knowing a study's looks is there to prevent; the bar sees it."""
    naive = [ranked(looks, seeds=None) for looks in studies]
    assert told_apart([[look.relations for look in looks] for looks in naive]) > BAR
    placebos = [[(look.placebo,) for look in looks if look.placebo] for looks in naive]
    assert told_apart(placebos) > BAR


def told_apart(studies: Sequence[Sequence[Iterable[Relation]]]) -> float:
    """In which share of studies a pair was told apart, at one look or another."""
    return sum(
        any(relation.symbol in TOLD_APART for look in looks for relation in look)
        for looks in studies
    ) / len(studies)
