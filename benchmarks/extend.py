"""What a look costs that was added after an answer: simulated studies, extended ones among them.

    python benchmarks/extend.py [STUDIES]

Prints the table of docs/ranking.md, "Adding seeds afterwards". A study of five layouts is answered
at its first design and then extended, once or again and again, whatever the answers were: whoever
extends only some of them makes fewer errors. 4,000 studies a cell, the default, take a minute.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nas.ranking.forecast.scenarios import Scenario, Shape, differences, draw
from nas.ranking.statistics.certificate import (
    BETTER,
    EQUIVALENT,
    MUCH_BETTER,
    UNDECIDED,
    Design,
    look,
    read,
)
from nas.spec.study import SearchSpec, StudySpec, Until
from nas.study.declaration import Declaration
from nas.study.extension import declaration, redeclared

STUDIES = 4000
EQUAL = (0.0,) * 5
STEPS = (0.0, 0.005, 0.01, 0.015, 0.02)  # neighbours exactly a margin apart
PAPER = (0.0, -0.001, -0.005, -0.014, -0.054)
HISTORIES = {  # the seeds and max_seeds of a study, as it began and after each extension
    "3, then 6": ((3, 3), (6, 6)),
    "6, then 10": ((6, 6), (10, 10)),
    "3 to 10, then to 20": ((3, 10), (3, 20)),
    "3, 6, 9, 12, 15, 18": tuple((n, n) for n in range(3, 19, 3)),
}
NOISES = {
    "normal 1": Scenario(means=EQUAL, sds=(0.01,) * 5),
    "t3 1": Scenario(means=EQUAL, sds=(0.01,) * 5, shape=Shape.T3),
    "skewness 0.7, 0.1 and 4 × 9": Scenario(
        means=EQUAL, sds=(0.001, *(0.09,) * 4), shape=Shape.GAMMA, skewness=0.7
    ),
}


def declare(seeds: Sequence[tuple[int, int]]) -> list[Declaration]:
    """Return what a study declares at its begin and at each extension: the program's own rule."""
    specs = [
        StudySpec(name="x", space={}, search=SearchSpec(seeds=a, max_seeds=b)) for a, b in seeds
    ]
    found = [declaration(specs[0])]
    for before, after in pairwise(specs):
        found.append(redeclared(found[-1], before=before, after=after, measured=True))
    return found


def same_level(seeds: Sequence[tuple[int, int]]) -> list[Declaration]:
    """Declare every extension at alpha again, as if nobody had looked before."""
    return [Declaration(first=a, last=b, alpha=0.05, first_round=a) for a, b in seeds]


def counting_all(seeds: Sequence[tuple[int, int]]) -> list[Declaration]:
    """Declare every extension as if it had begun at the first look ever, at alpha."""
    first = seeds[0][0]
    return [Declaration(first=first, last=b, alpha=0.05, first_round=first) for _, b in seeds]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Shares of the studies; an answer counts the claims at each of its looks."""

    newest_better: float  # a false `>` or `≫` in the last answer
    any_better: float  # ... in any answer
    any_equal: float  # a false `≈` in any answer
    decided: float  # share of pairs that are not `?` in the end


def answer(
    scenario: Scenario, declared: Sequence[Declaration], *, studies: int, seed: int = 1
) -> Answers:
    """Answer simulated studies at each declaration in turn."""
    last = max(each.last for each in declared)
    d = differences(draw(scenario, studies=studies, seeds=last, seed=seed))
    gaps = scenario.gaps
    better = np.zeros((len(declared), studies), dtype=bool)
    equal = np.zeros(studies, dtype=bool)
    decided = np.zeros(0)
    for i, each in enumerate(declared):
        design = Design(
            first=max(each.first, 2),
            last=each.last,
            alpha=each.alpha,
            margin=0.005,
            large_margin=0.05,
            correction=StudySpec(name="x", space={}).ranking.correction,
        )
        looks = look(d[..., : each.last], design)
        for n in range(design.first, design.last + 1):
            verdict = read(looks, np.full(d.shape[:-1], n), design, until=Until.SETTLED)
            up, same = np.isin(verdict.symbol, (BETTER, MUCH_BETTER)), verdict.symbol == EQUIVALENT
            better[i] |= (up & (gaps * np.sign(verdict.mean) <= 0)).any(axis=-1)
            equal |= (same & (np.abs(gaps) >= design.margin - 1e-9)).any(axis=-1)
            decided = verdict.symbol != UNDECIDED
    return Answers(
        newest_better=float(better[-1].mean()),
        any_better=float(better.any(axis=0).mean()),
        any_equal=float(equal.mean()),
        decided=float(decided.mean()),
    )


RULES: dict[str, Callable[[Sequence[tuple[int, int]]], list[Declaration]]] = {
    "half the level (shipped)": declare,
    "the same level": same_level,
    "all looks since the first": counting_all,
}


def main(studies: int) -> None:
    """Print the tables."""
    edge = Scenario(means=STEPS, sds=(0.003,) * 5)
    paper = Scenario(means=PAPER, sds=(0.005,) * 5)
    print("| seeds | an extension has | said | any false `>` | newest | any false `≈` | decided |")
    print("|---|---|---|---|---|---|---|")
    for name, seeds in HISTORIES.items():
        for rule, declaring in RULES.items():
            declared = declaring(seeds)
            said = declared[-1].together if declaring is declare else 0.05
            found = [answer(each, declared, studies=studies) for each in NOISES.values()]
            worst = max(found, key=lambda each: each.any_better)
            cells = (
                said,
                worst.any_better,
                max(each.newest_better for each in found),
                answer(edge, declared, studies=studies).any_equal,
                answer(paper, declared, studies=studies).decided,
            )
            print(f"| {name} | {rule} |", " | ".join(f"{100 * each:.1f} %" for each in cells), "|")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else STUDIES)
