"""From scores by layout and seed to claims about all pairs of layouts, by the certificate.

m is the number of pairs. Intervals are simultaneous over the pairs and over all looks; `>` and `≈`
come from them or from step-downs, as `RankingSpec.correction` has it (docs/ranking.md, "How the
symbols are computed").
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np

from nas.ranking.result import Relation, Symbol
from nas.ranking.scores import Statuses
from nas.ranking.statistics.certificate import (
    SYMBOLS,
    Design,
    Looks,
    Verdict,
    look,
    read,
)
from nas.ranking.statistics.contest import Contest, comparisons, contest
from nas.ranking.statistics.foresight import seeds_needed
from nas.spec.study import Until
from nas.study.records import FINAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """All pairs of layouts as columns."""

    layouts: tuple[str, ...]  # sorted
    members: np.ndarray  # [m, 2], places in `layouts`
    differences: np.ndarray  # [m, last], score(first) - score(second) in seed order, then NaN
    n: np.ndarray  # [m], seeds that both have
    apart: np.ndarray  # [m], difference of the means over all seeds, paired or not
    seeds: tuple[tuple[int, ...], ...]  # m, those of `differences`

    def names(self, i: int) -> tuple[str, str]:
        """Return the layouts of pair `i`."""
        first, second = self.members[i]
        return self.layouts[first], self.layouts[second]


def spread_floor(evaluation_images: int) -> float:
    """Return the least standard deviation (fraction) that one accuracy can be credited with.

    An accuracy is a count over N images: rounding to 1/N is a uniform error of sd 1/N/sqrt(12).
    Without the floor a few equal counts would be certainty.

    Raises:
        ValueError: there is no image.
    """
    if evaluation_images < 1:
        raise ValueError(f"evaluation_images must be at least 1, not {evaluation_images}")
    return 1 / evaluation_images / math.sqrt(12)


def difference_floor(evaluation_images: int) -> float:
    """Return the least standard deviation of a difference of two accuracies: variances add.

    Raises:
        ValueError: there is no image.
    """
    return math.sqrt(2) * spread_floor(evaluation_images)


def pair_up(
    scores: Mapping[str, Mapping[int, float]], statuses: Mapping[str, Statuses], *, last: int
) -> Pairs:
    """Pair all layouts by seed; of two layouts without a seed in common n is 0.

    The seeds of a pair are a prefix of the one order of seeds: up to the first that is not final in
    both, for a run still out might be out because of how it goes. A seed that failed in either is
    dropped; so is a diverged one, whose pair the caller must withhold (docs/ranking.md, "Runs that
    are lost"). No pair is looked at beyond `last` seeds.
    """
    layouts = tuple(sorted(scores))
    members = list(combinations(range(len(layouts)), 2))
    table = np.full((len(members), last), np.nan)
    counts = np.zeros(len(members), dtype=int)
    shared: list[tuple[int, ...]] = []
    apart = np.zeros(len(members))
    for i, (first, second) in enumerate(members):
        a, b = layouts[first], layouts[second]
        seeds = [
            seed
            for seed in _prefix(statuses[a], statuses[b])
            if seed in scores[a] and seed in scores[b]
        ][:last]
        counts[i] = len(seeds)
        table[i, : len(seeds)] = [scores[a][seed] - scores[b][seed] for seed in seeds]
        shared.append(tuple(seeds))
        apart[i] = _mean(scores[a]) - _mean(scores[b])
    return Pairs(
        layouts=layouts,
        members=np.array(members, dtype=int).reshape(-1, 2),
        differences=table,
        n=counts,
        apart=apart,
        seeds=tuple(shared),
    )


def _prefix(a: Statuses, b: Statuses) -> list[int]:
    seeds: list[int] = []
    for seed in sorted(a.keys() | b.keys()):
        if a.get(seed) not in FINAL or b.get(seed) not in FINAL:
            break
        seeds.append(seed)
    return seeds


def _mean(values: Mapping[int, float]) -> float:
    return float(np.mean([values[seed] for seed in sorted(values)]))


def judge(
    pairs: Pairs,
    design: Design,
    *,
    floor: float,
    until: Until,
    excluded: Collection[int] = (),
    complete: Collection[int] = (),
) -> Verdict:
    """Return the certificate's verdict.

    Pairs in `excluded` are as if no seed of them were there: they neither claim nor help others to,
    since no step-down counts them among the rejected. Pairs in `complete` get no more seeds and
    lost some to failures. In a design of one look each of them is looked at once, at the seeds it
    has: how many failed tells nothing of the scores, so that look is as valid as the one planned.
    """
    # A single layout has no pair, and nothing to correct for.
    corrected_for = max(len(pairs.n), 1)
    looks, n = _looked_at(pairs, design, floor, corrected_for, excluded, complete)
    return read(looks, n, design, until=until)


def compete(
    pairs: Pairs,
    verdict: Verdict,
    design: Design,
    *,
    floor: float,
    until: Until,
    withheld: Collection[int] = (),
    complete: Collection[int] = (),
) -> Contest | None:
    """Return which layouts can still be the best, of two or more; pairs as `judge` has them.

    Of pairs in `withheld` nothing is known.
    """
    if not len(pairs.n):
        return None
    corrected_for = comparisons(len(pairs.layouts))
    looks, _ = _looked_at(pairs, design, floor, corrected_for, withheld, complete)
    judged = np.ones(len(pairs.n), dtype=bool)
    judged[list(withheld)] = False
    return contest(looks, verdict, pairs.members, design, until=until, judged=judged)


def _looked_at(
    pairs: Pairs,
    design: Design,
    floor: float,
    corrected_for: float,
    excluded: Collection[int],
    complete: Collection[int],
) -> tuple[Looks, np.ndarray]:
    """Return the looks at all pairs, at a level divided by `corrected_for`, and their seeds."""
    differences, n = pairs.differences.copy(), pairs.n.copy()
    out = list(excluded)
    differences[out], n[out] = np.nan, 0
    looks = look(differences, design, floor=floor, pairs=corrected_for)
    for i in complete if design.first == design.last else ():
        if 2 <= n[i] < design.first:
            own = replace(design, first=int(n[i]), last=int(n[i]))
            one = look(differences[[i], : n[i]], own, floor=floor, pairs=corrected_for)
            for field in fields(Looks):
                getattr(looks, field.name)[i, n[i] - 1] = getattr(one, field.name)[0, -1]
    return looks, n


def relate(
    pairs: Pairs,
    verdict: Verdict,
    design: Design,
    *,
    until: Until,
    withheld: Mapping[int, str],
    excluded: Collection[int] = (),
) -> tuple[Relation, ...]:
    """Return every pair as a relation, the better estimate first.

    `withheld` says by pair why there is no claim; of those in `excluded` no interval holds either.
    """
    return tuple(
        _relation(
            pairs,
            verdict,
            i,
            design=design,
            until=until,
            withheld=withheld.get(i, ""),
            judged=i not in excluded,
        )
        for i in range(len(pairs.n))
    )


def _relation(
    pairs: Pairs,
    verdict: Verdict,
    i: int,
    *,
    design: Design,
    until: Until,
    withheld: str,
    judged: bool,
) -> Relation:
    """Orient pair `i`, the better estimate first."""
    n = int(pairs.n[i])
    differences = pairs.differences[i, :n]
    mean = float(differences.mean()) if n else float(pairs.apart[i])
    # A sum in another order may put a mean of 0 on the other side: symbols go by the verdict's.
    flipped = (float(verdict.mean[i]) if verdict.n[i] else mean) < 0
    a, b = pairs.names(i)[::-1] if flipped else pairs.names(i)
    low, high = _interval(verdict, i, flipped=flipped) if judged else (None, None)
    symbol = Symbol.UNDECIDED if withheld else SYMBOLS[int(verdict.symbol[i])]
    wanting = symbol is Symbol.UNDECIDED or (until is Until.SHARP and symbol is Symbol.NOT_WORSE)
    return Relation(
        a=a,
        b=b,
        symbol=symbol,
        difference=abs(mean),
        low=low,
        high=high,
        p_adjusted=None if low is None else float(verdict.p_adjusted[i]),
        paired_seeds=n,
        deviation=float(differences.std(ddof=1)) if n > 1 else None,
        skewness=_skewness(differences) * (-1 if flipped else 1) if n > 2 else None,
        more_seeds=_more(verdict, i, design, m=len(pairs.n), until=until)
        if wanting and not withheld
        else None,
        withheld=withheld,
    )


def _interval(
    verdict: Verdict, i: int, *, flipped: bool
) -> tuple[float, float] | tuple[None, None]:
    low, high = float(verdict.low[i]), float(verdict.high[i])
    if not (math.isfinite(low) and math.isfinite(high)):
        return None, None
    low, high = (-high, -low) if flipped else (low, high)
    # No two fractions differ by more than 1.
    return max(low, -1.0), min(high, 1.0)


def _more(verdict: Verdict, i: int, design: Design, *, m: int, until: Until) -> int | None:
    n = int(verdict.n[i])
    mean, sd = float(verdict.mean[i]), float(verdict.sd[i])
    needed = seeds_needed(mean, sd, n, design, m, until=until)
    return needed - n if needed is not None and needed > n else None


def _skewness(differences: np.ndarray) -> float:
    """Return g1; equal differences have none, whatever rounding leaves of them."""
    if np.ptp(differences) < 1e-12:
        return 0.0
    about = differences - differences.mean()
    return float((about**3).mean() / (about**2).mean() ** 1.5)
