"""Reading at equal loss favours no layout: studies in which all share one line of accuracy over it.

One layout trains less deep than the others, with a spread over seeds, and whatever comes out as
better is the reading's doing. benchmarks/equal_loss.py has the same in full.
"""

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np
import pytest

from nas.ranking.curves import Reach
from nas.ranking.open_pairs import open_layouts
from nas.ranking.relations import rank
from nas.ranking.result import Ranking, Symbol
from nas.ranking.scores import score
from nas.spec.study import Metric, RankingSpec, SearchSpec, Until
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import measured, trial_of

SLOPE, SPREAD, NOISE = 0.05, 0.25, 0.003  # accuracy an e-fold; sd of ln(lowest); of a run
DEPTHS = {"A": 0.12, "B": 0.03, "C": 0.03}  # lowest probe losses, nats: A is the slowest
SEEDS, EPOCHS = 20, 6
SEARCH = SearchSpec(seeds=6, max_seeds=SEEDS, until=Until.SHARP)
IMAGES = 1_000_000  # so many that the evaluation set itself adds nothing
BIAS = 0.001  # the bar: 0.1 points
STUDIES, GROWN = 40, 20
BAR = 0.05 + 2.33 * (0.05 * 0.95 / STUDIES) ** 0.5  # passed by 5 % in 99 of 100 drawings


def drawn(seed: int, *, labels: Sequence[str] = tuple(DEPTHS)) -> list[TrialHistory]:
    """A study with all the seeds it may come to."""
    random = np.random.default_rng(seed)
    found = []
    for label in labels:
        for s in range(SEEDS):
            trial = trial_of(label, seed=s, number=len(found) + 1, epochs=EPOCHS)
            lowest = math.log(DEPTHS[label]) + SPREAD * random.standard_normal()
            depths = np.linspace(math.log(2.0), lowest, EPOCHS)
            accuracies = 0.8 + NOISE * random.standard_normal() - SLOPE * depths
            found.append(
                TrialHistory(
                    trial=trial,
                    status=TrialStatus.FINISHED,
                    epochs=measured(
                        trial, losses=np.exp(depths).tolist(), accuracies=accuracies.tolist()
                    ),
                    attempts=1,
                )
            )
    return found


def ranked(histories: Sequence[TrialHistory], seeds: tuple[int, int]) -> Ranking:
    return rank(histories, RankingSpec(), evaluation_images=IMAGES, seeds=seeds, until=Until.SHARP)


def bias(rankings: Sequence[Ranking]) -> float:
    """How much better the slowest comes out than the mean of the others, fraction."""
    found = []
    for ranking in rankings:
        scores = {layout.label: layout.score for layout in ranking.layouts}
        found.append(scores.pop("A") - fmean(scores.values()))
    return fmean(found)


def told_apart(ranking: Ranking) -> bool:
    return any(each.symbol in (Symbol.BETTER, Symbol.MUCH_BETTER) for each in ranking.relations)


@pytest.mark.slow
def test_a_slow_layout_is_read_as_well_as_the_others():
    rankings = [ranked(drawn(seed), (SEEDS, SEEDS)) for seed in range(STUDIES)]
    assert abs(bias(rankings)) <= BIAS
    assert fmean(map(told_apart, rankings)) <= BAR
    assert not any(layout.withheld for ranking in rankings for layout in ranking.layouts)


@pytest.mark.slow
def test_so_it_is_where_seeds_are_added():
    """Up to a run that never gets so low, if there is one: in few studies."""
    ends, ended = [], 0
    for seed in range(GROWN):
        whole = drawn(seed, labels=("A", "B"))
        has, more = dict.fromkeys("AB", SEARCH.seeds), ("A", "B")
        while more:
            histories = [h for h in whole if h.trial.seed < has[h.trial.label]]
            more = open_layouts(histories, RankingSpec(), search=SEARCH, evaluation_images=IMAGES)
            has.update({label: has[label] + 1 for label in more})
        ends.append(ranked(histories, (SEARCH.seeds, SEEDS)))
        ended += any("is read at the seeds before" in note for note in ends[-1].notes)
        assert not any(each.withheld for each in ends[-1].relations)
    assert abs(bias(ends)) <= BIAS
    assert 0 < ended <= GROWN / 4


def test_no_run_is_read_at_another_loss():
    for seed in range(10):
        scores = score(drawn(seed), metric=Metric.GENERALIZATION, first=6, growing=True)
        assert scores.equal_loss is not None
        assert scores.first_round("A").keys() == set(range(6))
        for seeds in scores.by_layout.values():
            assert {each.reach for each in seeds.values()} == {Reach.CROSSES}
            for each in seeds.values():
                depths = [math.log(epoch.probe_loss) for epoch in each.history.epochs]
                heights = [epoch.evaluation_accuracy for epoch in each.history.epochs]
                line = heights[0] - SLOPE * (math.log(scores.equal_loss) - depths[0])
                assert each.value == pytest.approx(line, abs=1e-9)
