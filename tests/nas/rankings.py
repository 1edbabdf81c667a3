"""Rankings written as a line, so that what is said of them can be tried without any trial."""

from itertools import combinations, pairwise
from typing import Any

from nas.ranking.answer import hidden, sentence
from nas.ranking.result import WITHHELD, Interval, LayoutScore, Ranking, Relation, Symbol
from nas.ranking.validity import clopper_pearson
from nas.spec.study import Metric, RankingSpec

NONE = clopper_pearson(0, 6)


def layout(label: str, score: float, *, baseline: bool = False) -> LayoutScore:
    """Return a layout of which all that matters is its name and its score."""
    return LayoutScore(
        label=label,
        layout=label,
        score=score,
        low=None,
        high=None,
        seeds=6,
        parameters=1,
        macs=1,
        diverged=NONE,
        collapsed=NONE,
        failed=0,
        evaluation_accuracy=score,
        probe_loss=0.1,
        loss_gap=0.0,
        accuracy_gap=0.0,
        area_log_loss=0.0,
        baseline=baseline,
    )


# By mark, an interval that confirms the claim.
CONFIRMED = {
    "≫": Interval(low=0.06, high=0.09),
    ">": Interval(low=0.001, high=0.02),
    "≈": Interval(low=-0.001, high=0.001),
    "≥": Interval(low=-0.001, high=0.02),
}
HERE = Interval(low=-0.2, high=0.2)  # confirms nothing


def relation(a: str, mark: str, b: str, *, seeds: int = 6, here: bool = False) -> Relation:
    """Return `a mark b`, where the mark may be a bar: then it is withheld.

    What is claimed holds for new images too, or on these images alone (`here`).
    """
    return Relation(
        a=a,
        b=b,
        symbol=Symbol.UNDECIDED if mark == WITHHELD else Symbol(mark),
        difference=0.01,
        low=0.0,
        high=0.02,
        paired_seeds=seeds,
        deviation=0.01,
        skewness=0.0,
        more_seeds=None,
        withheld="sizes differ" if mark == WITHHELD else "",
        new_images=HERE if here else CONFIRMED.get(mark, HERE),
    )


def ranking(line: str, *claims: str, seeds: int = 6, **changes: Any) -> Ranking:
    """Return the ranking of 'A ? B > C', with claims such as 'A > C' about other pairs.

    A claim about neighbours replaces what the pair has in the line, which then shows a `?`. Pairs
    without a claim are `?`. Changes are of fields of the ranking.
    """
    labels, marks = line.split()[::2], line.split()[1::2]
    said = dict(zip(pairwise(labels), marks, strict=True))
    pairs = {frozenset(pair): (pair[0], mark, pair[1]) for pair, mark in said.items()}
    for a, mark, b in (claim.split() for claim in claims):
        pairs[frozenset((a, b))] = (a, mark, b)
    relations = [
        relation(*pairs.get(frozenset(pair), (pair[0], "?", pair[1])), seeds=seeds)
        for pair in combinations(labels, 2)
    ]
    values: dict[str, Any] = {
        "spec": RankingSpec(metric=Metric.ACCURACY),
        "order": line,
        "equal_loss": None,
        "layouts": tuple(layout(label, 0.9 - 0.01 * i) for i, label in enumerate(labels)),
        "relations": tuple(relations),
        "notes": (),
        "evaluation_images": 599,
        "symbols": tuple(Symbol("?" if mark == WITHHELD else mark) for mark in marks),
        "marks": tuple(marks),
        "hidden": hidden(labels, marks, relations),
    }
    found = Ranking(**{**values, **changes})
    return Ranking(**{**values, "sentence": sentence(found), **changes})
