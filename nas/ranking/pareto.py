"""Which candidates are on the front of a score against costs, and how sure that is.

Costs that are counted are exact, so all that is uncertain is which of two candidates scores better,
and of that the ranking makes claims which hold for all pairs together. What follows from them holds
as well, at the same error: nothing is tested here (docs/pareto.md, "How sure it is").
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, stdev

import numpy as np

from nas.ranking.costs import COSTS
from nas.ranking.dominance import front
from nas.ranking.hypervolume import Growth
from nas.ranking.resampling import Costs, SeedScores, shares_on_front
from nas.ranking.result import Ranking, Symbol
from nas.ranking.statistics import special
from nas.spec.choices import Metric, Price

_BETTER = (Symbol.MUCH_BETTER, Symbol.BETTER)


class Standing(StrEnum):
    """What is certain of a candidate."""

    FRONT = "front"  # all that cost no more are claimed to be worse
    DOMINATED = "dominated"  # one that costs no more is claimed to be better
    OPEN = "open"  # neither


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A candidate among the others. Scores are fractions."""

    label: str
    layout: str
    score: float  # mean over seeds
    low: float | None  # t interval of the mean, by itself; None with one seed
    high: float | None
    seeds: int
    costs: Costs
    on_front: bool  # by point estimates
    share: float | None = None  # of resamples over seeds that have it on the front
    standing: Standing | None = None  # None: nothing is claimed of anyone
    dominated_by: tuple[str, ...] = ()  # who costs no more and is claimed to be better, best first


@dataclass(frozen=True, kw_only=True, slots=True)
class Front:
    """All candidates of a study by score and costs, the best score first."""

    metric: Metric
    prices: tuple[Price, ...]
    candidates: tuple[Placed, ...]  # that finished and whose costs are known
    claimed: bool  # whether candidates have a standing
    preliminary: str = ""  # why claims are no certificate yet; empty: they are one
    left_out: tuple[str, ...] = ()  # labels of which a cost is not known
    notes: tuple[str, ...] = ()

    @property
    def on_front(self) -> tuple[Placed, ...]:
        """Those that are on the front by point estimates."""
        return tuple(each for each in self.candidates if each.on_front)

    @property
    def sentence(self) -> str:
        """What is known of the front and what is not, in words."""
        what = f"{self.metric.value} against {_listed(self.prices)}"
        of, many = len(self.candidates), len(self.on_front)
        if not of:
            return f"Nothing that has finished has a place on the front of {what}."
        begin = (
            f"{many:,} of {of:,} candidate{'s'[: of != 1]} {'is' if many == 1 else 'are'} on the "
            f"front of {what} by point estimates"
        )
        if not self.claimed:
            one = max(each.seeds for each in self.candidates) < 2
            why = "one seed each has no interval, so " if one else ""
            return f"{begin}; {why}nothing is claimed of them."
        standings = [each.standing for each in self.candidates]
        sure, lost, open_ = (
            standings.count(each) for each in (Standing.FRONT, Standing.DOMINATED, Standing.OPEN)
        )
        how = "seemingly" if self.preliminary else "certainly"
        return f"{begin}; {sure:,} {how}, {lost:,} {how} not, {open_:,} open."


@dataclass(frozen=True, kw_only=True, slots=True)
class Fronts:
    """What a report shows: the front against each cost alone, and how the first grew."""

    fronts: tuple[Front, ...]
    growth: Growth | None
    why: str  # the section is there, in words


def claimed_front(
    ranking: Ranking,
    scores: SeedScores,
    costs: Mapping[str, Mapping[Price, float | None]],
    prices: Sequence[Price],
) -> Front:
    """Return where the layouts of a ranking stand, by its claims.

    A label is certainly dominated if another costs no more by any of `prices` and is claimed to be
    better (`>` or `≫`, or a chain of them), and certainly on the front if it is claimed to be
    better than every other that costs no more; where there is none, its costs alone put it there.

    Args:
        ranking: with the relations of all pairs.
        scores: that the ranking rests on.
        costs: by label; who lacks one of `prices` is left out.
        prices: which, at least one.
    """
    known, left_out = _known((layout.label for layout in ranking.layouts), costs, prices)
    layouts = [layout for layout in ranking.layouts if layout.label in known]
    better = _better(ranking)
    labels = [layout.label for layout in layouts]
    estimated = _on_front([layout.score for layout in layouts], [known[x] for x in labels])
    shares = shares_on_front({x: scores.get(x, {}) for x in labels}, known)
    placed = []
    for layout, on_front in zip(layouts, estimated, strict=True):
        mine = known[layout.label]
        rivals = [x for x in labels if x != layout.label and _no_more(known[x], mine)]
        by = tuple(rival for rival in rivals if (rival, layout.label) in better)
        standing = Standing.DOMINATED if by else Standing.OPEN
        if all((layout.label, rival) in better for rival in rivals):
            standing = Standing.FRONT
        placed.append(
            Placed(
                label=layout.label,
                layout=layout.layout,
                score=layout.score,
                low=layout.low,
                high=layout.high,
                seeds=layout.seeds,
                costs=mine,
                on_front=on_front,
                share=shares.get(layout.label),
                standing=standing,
                dominated_by=by,
            )
        )
    return Front(
        metric=ranking.metric,
        prices=tuple(prices),
        candidates=tuple(placed),
        claimed=True,
        preliminary=ranking.preliminary,
        left_out=left_out,
        notes=(*_notes(prices, left_out), *_distrust(ranking)),
    )


def estimated_front(
    scores: SeedScores,
    layouts: Mapping[str, str],
    costs: Mapping[str, Mapping[Price, float | None]],
    prices: Sequence[Price],
    *,
    metric: Metric,
    alpha: float,
) -> Front:
    """Return who is on the front by point estimates, of thousands too; nothing is claimed.

    The best of many are good by luck as well, and so are those on the front of many.

    Args:
        scores: of every candidate, one seed at least.
        layouts: of every label.
        costs: by label; who lacks one of `prices` is left out.
        prices: which, at least one.
        metric: what the scores are.
        alpha: of the intervals of the means.
    """
    known, left_out = _known((x for x, seeds in scores.items() if seeds), costs, prices)
    means = {label: fmean(scores[label].values()) for label in known}
    labels = sorted(known, key=lambda label: (-means[label], label))
    estimated = _on_front([means[x] for x in labels], [known[x] for x in labels])
    shares = shares_on_front({x: scores[x] for x in labels}, known)
    placed = []
    for label, on_front in zip(labels, estimated, strict=True):
        low, high = _interval(list(scores[label].values()), alpha)
        placed.append(
            Placed(
                label=label,
                layout=layouts[label],
                score=means[label],
                low=low,
                high=high,
                seeds=len(scores[label]),
                costs=known[label],
                on_front=on_front,
                share=shares.get(label),
            )
        )
    return Front(
        metric=metric,
        prices=tuple(prices),
        candidates=tuple(placed),
        claimed=False,
        left_out=left_out,
        notes=_notes(prices, left_out),
    )


def _interval(values: Sequence[float], alpha: float) -> tuple[float | None, float | None]:
    """Return the t interval of the mean at 1 - alpha, None and None of one value."""
    if len(values) < 2:
        return None, None
    error = stdev(values) / math.sqrt(len(values))
    reach = float(special.stdtrit(len(values) - 1, 1 - alpha / 2)) * error
    return fmean(values) - reach, fmean(values) + reach


def _better(ranking: Ranking) -> set[tuple[str, str]]:
    """Return the pairs of which the first is better, by a claim or by a chain of claims.

    All claims hold together, so what follows from two of them holds as well. A pair that is
    withheld stays so: of other sizes, say, no chain makes it comparable.
    """
    better: dict[str, set[str]] = {layout.label: set() for layout in ranking.layouts}
    withheld = {frozenset((each.a, each.b)) for each in ranking.relations if each.withheld}
    for each in ranking.relations:
        if each.symbol in _BETTER and not each.withheld:
            better.setdefault(each.a, set()).add(each.b)
    for middle, worse in better.items():  # Warshall's algorithm
        for known in better.values():
            if middle in known:
                known |= worse
    pairs = {(a, b) for a, known in better.items() for b in known if a != b}
    return {pair for pair in pairs if frozenset(pair) not in withheld}


def _known(
    labels: Iterable[str],
    costs: Mapping[str, Mapping[Price, float | None]],
    prices: Sequence[Price],
) -> tuple[dict[str, dict[Price, float]], tuple[str, ...]]:
    """Return the costs of whoever has all, and the labels of the others."""
    found: dict[str, dict[Price, float]] = {}
    left_out = []
    for label in labels:
        values = {price: costs.get(label, {}).get(price) for price in prices}
        whole = {price: value for price, value in values.items() if value is not None}
        if len(whole) == len(values):
            found[label] = whole
        else:
            left_out.append(label)
    return found, tuple(left_out)


def _on_front(scores: Sequence[float], costs: Sequence[Costs]) -> list[bool]:
    if not scores:
        return []
    rows = [
        (score, *(-value for value in each.values()))
        for score, each in zip(scores, costs, strict=True)
    ]
    return front(np.array(rows)).tolist()


def _no_more(one: Costs, other: Costs) -> bool:
    """Tell whether one costs no more than the other by any cost."""
    return all(one[price] <= other[price] for price in other)


def _notes(prices: Sequence[Price], left_out: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if left_out:
        shown = ", ".join(left_out[:3]) + (f" and {len(left_out) - 3} more" * (len(left_out) > 3))
        notes.append(f"left out, since a cost is not known of them: {shown}")
    if measured := [price for price in prices if not COSTS[price].exact]:
        notes.append(f"{_listed(measured)}: measured, and the noise of it is in no claim")
    return tuple(notes)


def _distrust(ranking: Ranking) -> tuple[str, ...]:
    """Pass on what undoes every claim of the ranking."""
    if ranking.placebo is None or ranking.placebo.symbol not in _BETTER:
        return ()
    return (
        "nothing here is to be trusted: one network, entered twice, came out better than itself",
    )


def _listed(prices: Sequence[Price]) -> str:
    words = [COSTS[price].words for price in prices]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
