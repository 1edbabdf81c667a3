"""A ranking quotes its own answer, and says when it is preliminary or empty."""

from dataclasses import replace

from nas.ranking.result import Ranking, Symbol
from nas.spec.study import Metric, RankingSpec

RANKING = Ranking(
    spec=RankingSpec(metric=Metric.CAPACITY),
    order="A ≫ B",
    equal_loss=None,
    layouts=(),
    relations=(),
    notes=(),
    evaluation_images=599,
)


def test_the_answer_is_the_order():
    assert RANKING.answer == "A ≫ B"
    assert RANKING.metric is Metric.CAPACITY


def test_what_is_preliminary_says_so():
    assert replace(RANKING, preliminary="3 paired seeds").answer == "preliminary: A ≫ B"


def test_without_a_finished_trial_there_is_none():
    assert replace(RANKING, order="").answer == "no ranking: no trial has finished"


def test_symbols_are_what_is_printed():
    assert [str(symbol) for symbol in Symbol] == ["≫", ">", "≈", "≥", "?"]
