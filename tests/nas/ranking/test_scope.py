"""Which claims hold for new images, by hand; and how it is said."""

from dataclasses import replace

import pytest

from nas.ranking.result import Interval, Symbol
from nas.ranking.scope import for_new_images, scope
from nas.spec.study import RankingSpec
from tests.nas.rankings import HERE, ranking, relation

SPEC = RankingSpec()
ABOUT = "The symbols are about new seeds on these 599 evaluation images. "


@pytest.mark.parametrize(
    ("mark", "low", "high", "holds"),
    [
        ("≫", 0.051, 0.09, "≫"),
        ("≫", 0.05, 0.09, ">"),
        ("≫", 0.0, 0.09, "?"),
        (">", 0.0001, 0.09, ">"),
        (">", 0.06, 0.09, ">"),  # no more than was claimed
        (">", 0.0, 0.09, "?"),
        ("≈", -0.0049, 0.0049, "≈"),
        ("≈", -0.005, 0.0049, "?"),
        ("≈", -0.0049, 0.005, "?"),
        ("≥", -0.0049, 0.09, "≥"),
        ("≥", -0.005, 0.09, "?"),
        ("?", 0.06, 0.09, "?"),
        ("|", 0.06, 0.09, "?"),
    ],
)
def test_a_claim_holds_where_the_second_interval_has_it(mark, low, high, holds):
    each = replace(relation("A", mark, "B"), new_images=Interval(low=low, high=high))
    assert for_new_images(each, SPEC) is Symbol(holds)
    assert for_new_images(replace(each, new_images=None), SPEC) is Symbol.UNDECIDED


def with_interval(found, **ends):
    """The ranking with other second intervals, by pair: AB=HERE."""
    made = [replace(each, new_images=ends.get(each.a + each.b, each.new_images))
            for each in found.relations]  # fmt: skip
    return replace(found, relations=tuple(made))


A_B_C = ranking("A > B > C", "A ≫ C")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ranking("A"), ""),
        (ranking("A ? B"), ""),
        (ranking("A > B"), ABOUT + "For new images as well: A > B."),
        (A_B_C, ABOUT + "All of these claims hold for new images as well."),
        (
            replace(A_B_C, preliminary="3 seeds"),
            ABOUT + "All of these claims hold for new images as well, preliminary.",
        ),
        (with_interval(A_B_C, BC=HERE), ABOUT + "For new images as well: A > B; A ≫ C."),
        (
            with_interval(A_B_C, AC=Interval(low=0.01, high=0.09)),
            ABOUT + "For new images as well: A > B, C; B > C.",
        ),
        (
            replace(with_interval(A_B_C, BC=HERE), preliminary="3 seeds"),
            ABOUT + "For new images as well, preliminary: A > B; A ≫ C.",
        ),
        (
            replace(with_interval(A_B_C, AB=HERE, AC=HERE, BC=HERE), evaluation_images=10_000),
            (
                "The symbols are about new seeds on these 10,000 evaluation images. None of these "
                "claims reaches beyond these 10,000 images yet."
            ),
        ),
        (
            with_interval(A_B_C, AB=None, AC=None, BC=None),
            ABOUT + "Whether the claims hold for new images is not known: recorded before 0.2, "
            "without which images were right.",
        ),
        (
            with_interval(A_B_C, BC=None),
            ABOUT + "For new images as well: A > B; A ≫ C. Not known for new images, since "
            "recorded in part before 0.2: B > C.",
        ),
        (
            with_interval(A_B_C, AB=HERE, AC=HERE, BC=None),
            ABOUT + "None of the other claims reaches beyond these 599 images yet. Not known for "
            "new images, since recorded in part before 0.2: B > C.",
        ),
        (replace(A_B_C, placebo=relation("A", ">", "A~twin")), ""),
        (replace(ranking("A > B"), placebo=relation("A", "≈", "A~twin")), ABOUT + "For new images "
         "as well: A > B."),
    ],
)  # fmt: skip
def test_what_is_said_of_a_ranking(found, expected):
    assert scope(found) == expected
