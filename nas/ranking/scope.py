"""What the claims are about: new seeds on these evaluation images, or new images as well.

See docs/ranking.md, "What the claims are about".
"""

from collections.abc import Iterable, Sequence

from nas.ranking.result import Ranking, Relation, Symbol
from nas.spec.study import RankingSpec

Claim = tuple[str, Symbol, str]  # a label, what is claimed of it, and against which other


def for_new_images(relation: Relation, spec: RankingSpec) -> Symbol:
    """Return what of a pair's claim holds for new images too, by its second interval.

    It is the claim itself, of `≫` it may be `>`, or nothing: `?`.
    """
    found, symbol = relation.new_images, relation.symbol
    if found is None:
        return Symbol.UNDECIDED
    holds = {
        Symbol.MUCH_BETTER: found.low > spec.large_margin,
        Symbol.BETTER: found.low > 0,
        Symbol.EQUIVALENT: -spec.margin < found.low and found.high < spec.margin,
        Symbol.NOT_WORSE: found.low > -spec.margin,
        Symbol.UNDECIDED: False,
    }
    if symbol is Symbol.MUCH_BETTER and not holds[symbol]:
        symbol = Symbol.BETTER
    return symbol if holds[symbol] else Symbol.UNDECIDED


def scope(ranking: Ranking) -> str:
    """Return which claims are about what, in sentences; empty where nothing is claimed.

    If the placebo failed nothing is said: no claim is to be trusted.
    """
    claimed = [each for each in ranking.relations if each.symbol is not Symbol.UNDECIDED]
    better = (Symbol.MUCH_BETTER, Symbol.BETTER)
    if not claimed or (ranking.placebo is not None and ranking.placebo.symbol in better):
        return ""
    images = f"these {ranking.evaluation_images:,} evaluation images"
    return f"The symbols are about new seeds on {images}. {_beyond(ranking, claimed)}"


def _beyond(ranking: Ranking, claimed: Sequence[Relation]) -> str:
    """Return which of the claims hold for new images as well, in sentences."""
    unknown = [each for each in claimed if each.new_images is None]
    if len(unknown) == len(claimed):
        return (
            "Whether the claims hold for new images is not known: recorded before 0.2, without "
            "which images were right."
        )
    held = [
        (each.a, symbol, each.b)
        for each in claimed
        if (symbol := for_new_images(each, ranking.spec)) is not Symbol.UNDECIDED
    ]
    preliminary = ", preliminary" if ranking.preliminary else ""
    said = f"For new images as well{preliminary}: {together(held)}."
    if not held:
        none = "None of the other claims" if unknown else "None of these claims"
        said = f"{none} reaches beyond these {ranking.evaluation_images:,} images yet."
    elif len(held) > 1 and held == [(each.a, each.symbol, each.b) for each in claimed]:
        said = f"All of these claims hold for new images as well{preliminary}."
    if unknown:
        names = together((each.a, each.symbol, each.b) for each in unknown)
        said += f" Not known for new images, since recorded in part before 0.2: {names}."
    return said


def together(claims: Iterable[Claim]) -> str:
    """Return claims, those that are alike in one: 'A > C; A, B ≫ D'.

    Between two lists each of the first has the claim against each of the second.
    """
    worse: dict[tuple[str, Symbol], list[str]] = {}
    for a, symbol, b in claims:
        worse.setdefault((a, symbol), []).append(b)
    better: dict[tuple[Symbol, Sequence[str]], list[str]] = {}
    for (a, symbol), others in worse.items():
        better.setdefault((symbol, tuple(others)), []).append(a)
    return "; ".join(f"{', '.join(a)} {symbol} {', '.join(b)}" for (symbol, b), a in better.items())
