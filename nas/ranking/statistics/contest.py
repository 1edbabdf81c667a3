"""Who can still be the best: the question of the winner, held to one error over all looks.

The best has k - 1 comparisons with others, whichever of the k it is. Each is held, one-sided, to an
error of 1 / (k - 1) of the level, over all looks together. So in all but alpha of studies no other
layout ever looks certainly better than the best than it is, and then the best is never put out, and
no leader is said to be at most delta behind it that is further behind (multiple comparisons with
the best, Hsu 1981; docs/ranking.md, "Only the winner"). That the leader was chosen by the data
costs nothing: these k - 1 comparisons hold whoever leads.

Arrays have layouts [K] or pairs [m] after any leading axes `...`, as those of the certificate.
"""

from dataclasses import dataclass, replace

import numpy as np

from nas.ranking.statistics import special
from nas.ranking.statistics.certificate import EQUIVALENT, Design, Looks, Verdict, outside
from nas.spec.study import Correction, Until


def comparisons(layouts: int) -> float:
    """Return by what `look` has to divide its two-sided level: k - 1 one-sided tests.

    Never less than 1: of two equal layouts, or three, one would be called the winner too often.
    """
    return max((layouts - 1) / 2, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Contest:
    """Which layouts can still be the best, and where another seed would tell."""

    out: np.ndarray  # [..., K] bool: certainly not the one best
    leader: np.ndarray  # [...] place of the best of the others
    close: np.ndarray  # [..., K] bool: the leader is certainly at most delta behind; of itself too
    wanted: np.ndarray  # [..., m] bool: a pair of the leader that is not decided yet
    open: np.ndarray  # [..., m] bool: of those, the pairs that have looks left
    chance: np.ndarray  # [..., m] that such a pair closes by the last look

    @property
    def decided(self) -> float:
        """Share of the leaders' comparisons that are decided, of all studies."""
        return 1 - float(self.wanted.sum(axis=-1).mean()) / (self.out.shape[-1] - 1)

    def asking(self, verdict: Verdict) -> Verdict:
        """Return the verdict with this contest's pairs open instead of its own."""
        return replace(verdict, open=self.open, chance=self.chance)


def contest(
    looks: Looks,
    verdict: Verdict,
    pairs: np.ndarray,
    design: Design,
    *,
    until: Until,
    judged: np.ndarray | None = None,
) -> Contest:
    """Return who can be the best, by `looks` that were corrected for `comparisons`.

    `verdict` is the certificate's, `pairs` [m, 2] the places of each pair's layouts. Of pairs that
    are not `judged` [m] nothing is known. Whom the certificate says to be worse is out as well,
    so that no `>` stands between two that can both be the best.
    """
    place, sign = _square(pairs)
    known = (verdict.n > 0) & (True if judged is None else judged)
    low, high = _bounds(looks, verdict.n, known)
    first, second = (
        known & (mine | certified)
        for mine, certified in ((low > 0, verdict.low > 0), (high < 0, verdict.high < 0))
    )
    out = (np.where(sign > 0, first[..., place], second[..., place]) & (sign != 0)).any(axis=-2)
    out &= ~out.all(axis=-1, keepdims=True)  # in a circle: the assumptions failed, nobody is
    leader = _leader(verdict, known, out, place, sign)

    def of_leader(each: np.ndarray) -> np.ndarray:
        return np.take_along_axis(each, leader[..., None, None], -2)[..., 0, :]

    least = np.where(sign > 0, low[..., place], -high[..., place])
    equal = ((verdict.symbol == EQUIVALENT) & known)[..., place] & (sign != 0)
    close = of_leader((least > -design.margin) | equal)
    own = np.arange(out.shape[-1]) == leader[..., None]
    done = of_leader(equal) if until is Until.SHARP else close
    wanted = ~(out | done | own)
    a, b = pairs[:, 0], pairs[:, 1]
    asks = (own[..., a] & wanted[..., b]) | (own[..., b] & wanted[..., a])
    asks &= True if judged is None else judged
    return Contest(
        out=out,
        leader=leader,
        close=close | own,
        wanted=asks,
        open=asks & (verdict.n < design.last),
        chance=_chance(verdict, design, layouts=out.shape[-1], until=until),
    )


def _square(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return [K, K] the pair of two layouts, and 1 where the row is its first, -1, or 0."""
    layouts = int(pairs.max(initial=0)) + 1
    place, sign = np.zeros((layouts, layouts), dtype=int), np.zeros((layouts, layouts), dtype=int)
    for i, (a, b) in enumerate(pairs):
        place[a, b] = place[b, a] = i
        sign[a, b], sign[b, a] = 1, -1
    return place, sign


def _bounds(looks: Looks, n: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the running interval at n seeds; infinite where looks contradict each other."""
    at = np.maximum(n, 1)[..., None] - 1
    low, high = (np.take_along_axis(each, at, -1)[..., 0] for each in (looks.low, looks.high))
    sound = known & (low <= high)
    return np.where(sound, low, -np.inf), np.where(sound, high, np.inf)


def _leader(
    verdict: Verdict, known: np.ndarray, out: np.ndarray, place: np.ndarray, sign: np.ndarray
) -> np.ndarray:
    """Return who of those that are not out has the best of its worst paired mean, [...].

    With equally many seeds everywhere that is the best mean. Whom nothing is known of comes last.
    """
    compared = known[..., place] & (sign != 0)
    mean = np.where(compared, sign * np.nan_to_num(verdict.mean)[..., place], np.inf)
    worst = np.where(out[..., None, :], np.inf, mean).min(axis=-1)
    worst = np.where(compared.any(axis=-1), worst, -1e9)  # no accuracy differs by as much
    return np.where(out, -np.inf, worst).argmax(axis=-1)


def _chance(verdict: Verdict, design: Design, *, layouts: int, until: Until) -> np.ndarray:
    """Return the chance that a pair of the leader closes by the last look, as the certificate does.

    It closes where one of the two is put out; settled, where the leader is at most delta behind;
    sharp, where they are equal, at the level of Holm's last step or of Bonferroni's only one.
    """
    n, mean, sd = verdict.n, verdict.mean, verdict.sd
    level, last = design.tested / comparisons(layouts), design.last
    holm = design.correction is Correction.HOLM
    equal_level = design.tested if holm else design.tested / n.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = sd * np.sqrt(1 / np.maximum(n, 1) - 1 / last)
        half, half_equal = (
            -special.stdtrit(last - 1, design.levels.nominal(each) / 2) * sd / np.sqrt(last)
            for each in (level, equal_level)
        )
        if until is Until.SHARP:
            room = design.margin - half_equal
            equal = np.where(room > 0, 1 - outside(room, mean, spread), 0.0)
            found = np.minimum(outside(half, mean, spread) + equal, 1.0)
        else:
            apart = outside(half - design.margin, mean, spread)
            found = np.where(half <= design.margin, 1.0, apart)
    return np.where((n < design.first) | np.isnan(found), 1.0, found)
