"""How often does the order line alone hide a certified claim, in simulation and in docs/results?

    python benchmarks/hidden.py [STUDIES] [--write]

Prints the table of docs/ranking.md, "The answer in words", and the orders of docs/results; --write
puts the table there. 4,000 studies a cell, the default, take less than a minute of one core.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.calibration import PAGE, PAPER, design, page
from nas.ranking.answer import hidden
from nas.ranking.forecast.scenarios import Scenario, differences, draw, pairs_of
from nas.ranking.forecast.simulate import replicate
from nas.ranking.result import WITHHELD, Relation, Symbol
from nas.ranking.statistics.certificate import SYMBOLS
from nas.spec.study import Until

STUDIES = 4000
RESULTS = Path(__file__).parents[1] / "docs" / "results"
GAPS = {
    "the paper's gaps": PAPER,
    "one point between neighbours": (0.0, -0.01, -0.02, -0.03, -0.04),
}
NOISES = (0.003, 0.005, 0.01, 0.02)
_BETTER = (Symbol.MUCH_BETTER, Symbol.BETTER)
_ORDER = re.compile(r"^\*\*(?:preliminary: )?(\S+(?: [≫>≈≥?|] \S+)+)\*\*$")
_CLAIM = re.compile(r"^- (\S+) ([≫>≈≥?]) (\S+): ")


def table(studies: int) -> Iterator[str]:
    """Yield the share of studies whose line hides claims, and how many of all claims."""
    yield (
        "| gaps | noise | stop | the line hides a claim | with no `>` or `≫` between | "
        "claims a study | of them hidden | lost from line and hidden claims |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, means in GAPS.items():
        for sd in NOISES:
            for until in Until:
                found = [_counts(*study) for study in _simulated(means, sd, until, studies)]
                counts = np.array(found)
                unseen, apart, claims, lost = counts.T
                cells = (
                    *(name, f"{100 * sd:g}", until.value),
                    *(f"{np.mean(each > 0):.1%}".replace("%", " %") for each in (unseen, apart)),
                    f"{claims.mean():.1f}",
                    f"{unseen.sum() / max(claims.sum(), 1):.1%}".replace("%", " %"),
                    str(int(lost.sum())),
                )
                yield f"| {' | '.join(cells)} |"


def _simulated(
    means: tuple[float, ...], sd: float, until: Until, studies: int
) -> Iterator[tuple[list[str], list[Relation]]]:
    """Yield the order and all relations of studies that ran by the shipped rules."""
    scores = draw(Scenario(means=means, sds=(sd,) * len(means)), studies=studies, seeds=20, seed=20)
    d = differences(scores)
    done = replicate(d, design(), until=until)
    pairs = pairs_of(len(means))
    for score, own, runs, symbols in zip(scores, d, done.runs, done.symbol, strict=True):
        by_label = [score[k, :n].mean() for k, n in enumerate(runs)]
        relations = []
        for (first, second), difference, code in zip(pairs, own, symbols, strict=True):
            mean = difference[: min(runs[first], runs[second])].mean()
            a, b = (first, second) if mean >= 0 else (second, first)
            relations.append(_relation(str(a), SYMBOLS[code], str(b)))
        yield [str(k) for k in np.argsort(by_label)[::-1]], relations


def _relation(a: str, symbol: Symbol, b: str) -> Relation:
    """Return a relation of which only the claim matters."""
    return Relation(
        a=a,
        b=b,
        symbol=symbol,
        difference=0.0,
        low=None,
        high=None,
        paired_seeds=6,
        deviation=None,
        skewness=None,
        more_seeds=None,
    )


def _marks(order: Sequence[str], relations: Sequence[Relation]) -> list[str]:
    """Return what a line shows between neighbours."""
    known = {(each.a, each.b): each.symbol for each in relations}
    known |= {(b, a): s for (a, b), s in known.items() if s is Symbol.EQUIVALENT}
    return [known.get(pair, Symbol.UNDECIDED) for pair in pairwise(order)]


def _counts(
    order: Sequence[str], relations: Sequence[Relation], marks: Sequence[str] | None = None
) -> tuple[int, int, int, int]:
    """Count what the line hides, also to a lenient reader, all claims, and those shown nowhere.

    To the lenient reader any `>` or `≫` of the line parts all on its left from all on its right,
    which is not what it claims. What line and hidden claims give is worked out anew here.
    """
    marks = _marks(order, relations) if marks is None else marks
    unseen = hidden(order, marks, relations)
    claims = [each for each in relations if each.symbol is not Symbol.UNDECIDED]
    shown = {(each.a, each.symbol.value, each.b) for each in unseen}
    shown |= {(a, mark, b) for (a, b), mark in zip(pairwise(order), marks, strict=True)}
    lost = sum(not _gives(shown, each) for each in claims)
    place = {label: i for i, label in enumerate(order)}
    apart = sum(
        each.symbol in _BETTER
        and not set(_BETTER).intersection(marks[place[each.a] : place[each.b]])
        for each in unseen
    )
    return len(unseen), apart, len(claims), lost


def _gives(shown: set[tuple[str, str, str]], claim: Relation) -> bool:
    if (claim.a, claim.symbol.value, claim.b) in shown:
        return True
    if claim.symbol is Symbol.EQUIVALENT:
        return (claim.b, claim.symbol.value, claim.a) in shown
    reached, much = {claim.a: False}, claim.symbol is Symbol.MUCH_BETTER
    for _ in shown:
        for a, mark, b in shown:
            if a in reached and mark in _BETTER:
                reached[b] = reached.get(b, False) or reached[a] or mark == Symbol.MUCH_BETTER
    return claim.b in reached and (reached[claim.b] or not much)


def replay() -> Iterator[str]:
    """Yield the orders of docs/results with what each hides."""
    for path in sorted(RESULTS.glob("*/README.md")):
        order: list[str] = []
        marks: list[str] = []
        relations: list[Relation] = []
        for line in [*path.read_text(encoding="utf-8").splitlines(), "**end ? end**"]:
            if headline := _ORDER.match(line):
                if order:
                    yield _replayed(path.parent.name, order, marks, relations)
                words = headline[1].split(" ")
                order, marks, relations = words[::2], words[1::2], []
            elif claim := _CLAIM.match(line):
                a, symbol, b = claim.groups()
                if a in order and b in order:  # a twin is not
                    relations.append(_relation(a, Symbol(symbol), b))


def _replayed(
    name: str, order: Sequence[str], marks: Sequence[str], relations: Sequence[Relation]
) -> str:
    line = " ".join(word for pair in zip(order, [*marks, ""], strict=True) for word in pair)
    unseen = hidden(order, marks, relations)
    said = "; ".join(f"{each.a} {each.symbol} {each.b}" for each in unseen) or "nothing"
    assert WITHHELD not in said
    _, apart, claims, lost = _counts(order, relations, marks)
    counts = f"{len(unseen)} of {claims}, {apart} with no > or ≫ between, {lost} lost"
    return f"{name}: {line.strip()}\n    hides {said} ({counts})"


def main(arguments: Sequence[str]) -> None:
    """Print both, and write the table where asked to."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    found = "\n".join(table(studies))
    print(found)
    for line in replay():
        print(line)
    if "--write" in arguments:
        written = page(PAGE.read_text(encoding="utf-8"), {"hidden": found})
        PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
