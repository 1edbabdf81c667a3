"""The answer in words: what the order line cannot show, and a sentence of what is known and is not.

The rules are those of docs/ranking.md, "The answer in words".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from nas.ranking.result import Ranking, Relation, Symbol
from nas.ranking.scope import for_new_images, together
from nas.ranking.winner import said_of_winner
from nas.ranking.wording import joined, listed

LONGEST = 160  # characters of a sentence, where names allow it
_MOST_NAMES = 4  # that a list has before it counts; fewer where the sentence gets too long
_TIE = 1e-12  # scores closer than that differ by rounding
_BETTER = (Symbol.MUCH_BETTER, Symbol.BETTER)


def hidden(
    order: Sequence[str], marks: Sequence[str], relations: Iterable[Relation]
) -> tuple[Relation, ...]:
    """Return the claims that the order line neither shows nor implies, in the order given.

    `order` are the labels, best first, and `marks` what is printed between them. From a line
    follows that a label is better than all to the right of it up to the first mark other than `>`
    and `≫`, and much better where one of the marks between is `≫`.

    Raises:
        KeyError: a relation names a label that is not in the order.
    """
    place = {label: i for i, label in enumerate(order)}
    return tuple(
        each
        for each in relations
        if each.symbol is not Symbol.UNDECIDED
        and not _follows(each.symbol, place[each.a], place[each.b], marks)
    )


def _follows(symbol: Symbol, a: int, b: int, marks: Sequence[str]) -> bool:
    """Tell whether a line shows or implies that what is at place `a` has the claim against `b`."""
    between = tuple(marks[min(a, b) : max(a, b)])
    if symbol is Symbol.EQUIVALENT:
        return between == (symbol,)
    if a > b:
        return False
    if between == (symbol,):
        return True
    chain = all(mark in _BETTER for mark in between)
    return chain and (symbol is not Symbol.MUCH_BETTER or symbol in between)


def also(ranking: Ranking) -> str:
    """Return what belongs beside the order, 'also: A > C; A, B ≫ D', or an empty string.

    Between two lists each of the first has the claim against each of the second.
    """
    claims = together((each.a, each.symbol, each.b) for each in ranking.hidden)
    if not claims:
        return ""
    return f"also{' preliminary' if ranking.preliminary else ''}: {claims}"


def sentence(ranking: Ranking) -> str:
    """Return one sentence of the label ranked first: what is known against the others, what not.

    It says "certainly" only of what is certified, and "on these images" where that is all that is
    known (docs/ranking.md, "What the claims are about"). It has at most `LONGEST` characters where
    names allow it, and counts labels instead of naming them to keep to that.
    """
    if not ranking.layouts:
        return "No trial has finished: there is nothing to rank."
    first = ranking.layouts[0].label
    if len(ranking.layouts) == 1:
        return f"{first} is the only one with a finished trial, so it is compared with nothing."
    if ranking.placebo is not None and ranking.placebo.symbol in _BETTER:
        return (
            "Nothing here is to be trusted, since one network, entered twice, came out better than "
            f"itself; {first} has the highest score."
        )
    found = ""
    for most in range(_MOST_NAMES, 0, -1):
        if ranking.race is not None:
            said = said_of_winner(ranking, ranking.race, most=most)
        else:
            said = _said(ranking, _standing(ranking), most=most)
        found = f"{_so_far(ranking)}{said}."
        if len(found) <= LONGEST:
            break
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """The other labels by what is claimed of the first against them, each the best first."""

    above: tuple[str, ...]  # better than the first over the seeds that both have
    better: tuple[str, ...]  # that the first is better than
    equal: tuple[str, ...]
    not_worse: tuple[str, ...]  # that the first is not worse than
    undecided: tuple[str, ...]
    withheld: tuple[str, ...]


def _standing(ranking: Ranking) -> _Standing:
    first = ranking.layouts[0].label
    kinds: dict[str, list[str]] = {field.name: [] for field in fields(_Standing)}
    for each in ranking.relations:
        if first in (each.a, each.b):
            leads = each.a == first
            kinds[_kind(each, leads=leads)].append(each.b if leads else each.a)
    return _Standing(**{name: tuple(labels) for name, labels in kinds.items()})


def _kind(relation: Relation, *, leads: bool) -> str:
    """Return the field of `_Standing` that a pair of the first belongs to."""
    if relation.withheld:
        return "withheld"
    match relation.symbol:
        case Symbol.MUCH_BETTER | Symbol.BETTER:
            return "better" if leads else "above"
        case Symbol.EQUIVALENT:
            return "equal"
        case Symbol.NOT_WORSE if leads:
            return "not_worse"
    return "undecided"


def _so_far(ranking: Ranking) -> str:
    """Return how few seeds a preliminary ranking rests on."""
    if not ranking.preliminary:
        return ""
    seeds = [each.paired_seeds for each in ranking.relations if not each.withheld]
    seeds = seeds or [layout.seeds for layout in ranking.layouts]
    fewest, most = min(seeds), max(seeds)
    number = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return f"So far, with {number} seed{'' if most == 1 else 's'}, "


def _said(ranking: Ranking, standing: _Standing, *, most: int) -> str:
    """Return the sentence without its beginning and its end."""
    first = ranking.layouts[0]
    certain = _certain(standing, ranking, most=most)
    unknown = _unknown(standing, len(ranking.layouts) - 1, most=most)
    top = [each.label for each in ranking.layouts if first.score - each.score < _TIE]
    name = f"{first.label}, of another family," if first.baseline else first.label
    if len(top) > 1:
        opening = f"{listed(top, most)} share the highest score; {first.label}"
    elif standing.above:
        opening = f"{name} has the highest score, yet it"
    elif certain:
        opening = f"{name} leads; it"
    else:
        opening = f"{name} has the highest score, but"
    if not certain:
        return f"{opening} is {joined(unknown)}{_elsewhere(ranking)}"
    if not ranking.preliminary:
        return f"{opening} is certainly {joined([*certain, *unknown])}"
    unsure = [f"is {unknown[0]}", *unknown[1:]] if unknown else []
    return f"{opening} seems {joined([*certain, *unsure])}"


def _certain(standing: _Standing, ranking: Ranking, *, most: int) -> list[str]:
    """Return what is claimed of the first against each kind of other."""
    number = f"{100 * ranking.spec.margin:.3g}"
    points = f"{number} point{'' if number == '1' else 's'}"
    kinds = (
        ("worse on shared seeds than", standing.above),
        ("better than", standing.better),
        (f"within {points} of", standing.equal),
        (f"at most {points} behind", standing.not_worse),
    )
    wider = _known_of_new_images(ranking)
    split = [
        (words, [each for each in who if (each in wider) is not bool(where)], where)
        for words, who in kinds
        for where in ("", " on these images")
    ]
    others = len(ranking.layouts) - 1
    every = "both others" if others == 2 else f"all {others} others"
    return [
        f"{words} {every if 1 < len(who) == others else listed(who, most)}{where}"
        for words, who, where in split
        if who
    ]


def _known_of_new_images(ranking: Ranking) -> frozenset[str]:
    """Return the others against which what is claimed of the first holds for new images too."""
    first = ranking.layouts[0].label
    return frozenset(
        each.b if each.a == first else each.a
        for each in ranking.relations
        if first in (each.a, each.b) and for_new_images(each, ranking.spec) is not Symbol.UNDECIDED
    )


def _unknown(standing: _Standing, others: int, *, most: int) -> list[str]:
    """Return which others nothing is claimed of the first against."""
    kinds = (
        ("not yet told apart from", standing.undecided),
        ("not compared with", standing.withheld),
    )
    return [
        f"{words} {'any other' if 1 < len(who) == others else listed(who, most)}"
        for words, who in kinds
        if who
    ]


def _elsewhere(ranking: Ranking) -> str:
    """Return how much is known where nothing is of the first."""
    first = ranking.layouts[0].label
    rest = [each for each in ranking.relations if first not in (each.a, each.b)]
    decided = sum(each.symbol is not Symbol.UNDECIDED for each in rest)
    if not decided:
        return ""
    if len(rest) == 1:
        return "; the pair of others is decided"
    return f"; {decided} of {len(rest)} pairs of others {'is' if decided == 1 else 'are'} decided"
