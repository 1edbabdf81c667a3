"""Agreement with the paper's orders, by hand."""

from dataclasses import replace

import pytest

from nas.ranking.paper import agreement
from nas.ranking.relations import rank
from nas.ranking.result import Relation, Symbol
from nas.spec.study import Metric, RankingSpec
from tests.nas.synthetic import study

(ANY, *_) = rank(study(seeds=range(2)), RankingSpec(), evaluation_images=599).layouts
PAPER = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL"]


def tau(names, metric=Metric.GENERALIZATION, *, tied=()):
    """Tau-b of layouts ordered so, of which the pairs in `tied` are equivalent."""
    layouts = [replace(ANY, label=name, score=1 - i / 10) for i, name in enumerate(names)]
    relations = [
        Relation(
            a=a,
            b=b,
            symbol=Symbol.EQUIVALENT,
            difference=0.0,
            low=None,
            high=None,
            paired_seeds=6,
            deviation=None,
            skewness=None,
            more_seeds=None,
        )
        for a, b in tied
    ]
    found = agreement(layouts, relations, metric)
    return None if found is None else found.tau


def test_the_papers_own_orders_agree_with_themselves():
    assert tau(PAPER, tied=[("C-C-C-C", "C-C-C-T")]) == pytest.approx(1.0)
    capacity = ["C-C-T-T", "C-T-T-T", "ViT_REL", "C-C-C-T", "C-C-C-C"]
    tied = [("C-T-T-T", "C-C-T-T")]
    assert tau(capacity, Metric.CAPACITY, tied=tied) == pytest.approx(1.0)


def test_an_order_where_the_paper_has_a_tie_falls_short_of_one():
    # 9 concordant pairs, 0 discordant, one tied in the paper's: 9 / sqrt(10 x 9)
    assert tau(PAPER) == pytest.approx(9 / 90**0.5)


def test_the_reverse_order_disagrees():
    assert tau(PAPER[::-1], tied=[("C-C-C-C", "C-C-C-T")]) == pytest.approx(-1.0)


def test_one_swap_by_hand():
    # ViT_REL before C-T-T-T: 8 concordant, 1 discordant of 9 untied in both; 10 - 1 in both orders
    swapped = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "ViT_REL", "C-T-T-T"]
    assert tau(swapped, tied=[("C-C-C-C", "C-C-C-T")]) == pytest.approx(7 / 9)


def test_other_layouts_are_left_out():
    tied = [("C-C-C-C", "C-C-C-T")]
    names = ["resnet18", *PAPER[:3], "C-T", *PAPER[3:], "C-C-C-T#2"]
    assert tau(names, tied=tied) == pytest.approx(1.0)


def test_three_layouts_are_enough_and_two_are_not():
    assert tau(["C-C-T-T", "C-T-T-T", "ViT_REL"]) == pytest.approx(1.0)
    assert tau(["C-C-T-T", "ViT_REL"]) is None


@pytest.mark.parametrize("metric", [Metric.TRANSFER, Metric.ACCURACY])
def test_the_paper_has_no_order_of_five_by_other_metrics(metric):
    assert tau(PAPER, metric) is None


def test_all_tied_is_no_order():
    names = ["C-C-T-T", "C-T-T-T", "ViT_REL"]
    assert tau(names, tied=[("C-C-T-T", "C-T-T-T"), ("C-T-T-T", "ViT_REL")]) is None


def test_the_ranking_carries_it():
    ranking = rank(study(seeds=range(6)), RankingSpec(), evaluation_images=599)
    assert ranking.agreement is not None
    assert ranking.agreement.paper == "C-C-C-C ≈ C-C-C-T ≥ C-C-T-T > C-T-T-T ≫ ViT_REL"
    assert ranking.agreement.tau == pytest.approx(1.0)
