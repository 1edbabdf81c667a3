"""Which layouts are not told apart: maximal groups, since pairs are tested one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from nas.ranking.result import Symbol
from nas.report.style import rows_of

_DIFFERENT = frozenset({Symbol.BETTER, Symbol.MUCH_BETTER})
_CLIQUES = 2000  # looked at, at most: of many layouts with nothing claimed there can be too many


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Layouts of which no two are told apart, and none can be added."""

    members: tuple[str, ...]  # the best first
    equivalent: bool  # every pair is claimed to be (≈); else some pair is open (≥ or ?)


def groups(ranking: pd.DataFrame, relations: pd.DataFrame) -> list[Group]:
    """Return the maximal groups without a claim of difference, and those equivalent throughout.

    A layout about which claims are withheld is in none; a pair about which they are counts as not
    told apart. Groups of one are left out. Those with most members come first.
    """
    layouts = ranking.loc[ranking["withheld"] == "", "label"].tolist()
    tied: dict[str, set[str]] = {layout: set() for layout in layouts}
    equal: dict[str, set[str]] = {layout: set() for layout in layouts}
    for row in rows_of(relations):
        if row.a not in tied or row.b not in tied:
            continue
        symbol = Symbol(row.symbol)
        if row.withheld or symbol not in _DIFFERENT:
            tied[row.a].add(row.b)
            tied[row.b].add(row.a)
        if symbol is Symbol.EQUIVALENT and not row.withheld:
            equal[row.a].add(row.b)
            equal[row.b].add(row.a)
    equivalent = set(islice(_cliques(equal), _CLIQUES))
    undecided = set(islice(_cliques(tied), _CLIQUES)) - equivalent
    place = {layout: i for i, layout in enumerate(layouts)}
    found = [
        Group(members=tuple(sorted(members, key=place.__getitem__)), equivalent=kind)
        for kind, cliques in ((True, equivalent), (False, undecided))
        for members in cliques
        if len(members) > 1
    ]
    return sorted(found, key=lambda group: (-len(group.members), [place[m] for m in group.members]))


def _cliques(tied: Mapping[str, set[str]]) -> Iterator[frozenset[str]]:
    """Yield the maximal cliques (Bron and Kerbosch 1973, with Tomita's pivot)."""

    def extend(clique: frozenset[str], may: set[str], done: set[str]) -> Iterator[frozenset[str]]:
        if not may and not done:
            yield clique
            return
        pivot = max(sorted(may | done), key=lambda each: len(tied[each] & may))
        for each in sorted(may - tied[pivot]):
            yield from extend(clique | {each}, may & tied[each], done & tied[each])
            may = may - {each}
            done = done | {each}

    yield from extend(frozenset(), set(tied), set())
