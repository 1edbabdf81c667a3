"""Step-downs over all pairs as adjusted p-values: of `>` and `≫` together, and of `≈`.

A pair has two hypotheses in the family of `>`: d = 0, and d <= Delta, whose rejection makes `≫`.
At any step at most E(k) pairs can be equal once k are told apart, and at most m - j lie within
Delta once j are beyond it. A pair that is equal errs as `>` or not at all, since who fails the test
of d = 0 never comes to the other; so besides E equal pairs at most m - j - E can become a false
`≫`. Thus "no difference" is tested at alpha / D and "at most Delta" at LARGE_SHARE * alpha / D:

    D(k, j) = E(k) + LARGE_SHARE * (m - j - E(k))

As long as nothing was falsely rejected the true hypotheses are among those counted, and their
errors add up to alpha at most; D never grows, so the first false rejection would have to happen at
one of these levels (the sequential rejection principle of Goeman and Solari 2010). So false `>` of
equal pairs and false `≫` are held to alpha together, whatever the pairs have to do with each
other. Of a `>` with the wrong sign this proves nothing: benchmarks/direction.py measures it.
"""

import math
from functools import lru_cache

import numpy as np

# A share of its level that a test at Delta has: 1 would take all that Shaffer's divisors gain,
# 0 would never claim `≫` (docs/ranking.md, "One family for `>` and `≫`").
LARGE_SHARE = 0.1


def equalities(m: int) -> np.ndarray:
    """Return E(k), [m + 1]: how many of m hypotheses d = 0 can be true once k are rejected.

    Of the pairs of K means only certain numbers can be equal: those of groups of equal means
    (Shaffer 1986). Where m is no number of pairs nothing is known: E(k) = m - k, which is Holm's.
    """
    layouts = (1 + math.isqrt(1 + 8 * m)) // 2
    left = np.arange(m, -1, -1)
    if layouts * (layouts - 1) // 2 != m:
        return left
    possible = np.array(sorted(_equal_pairs(layouts)))
    return possible[np.searchsorted(possible, left, side="right") - 1]


@lru_cache
def _equal_pairs(layouts: int) -> frozenset[int]:
    """Return how many pairs of so many means can be equal: one group first, then the rest."""
    return frozenset(
        size * (size - 1) // 2 + rest
        for size in range(1, layouts + 1)
        for rest in _equal_pairs(layouts - size)
    ) or frozenset({0})


def told_apart(p_zero: np.ndarray, p_large: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return adjusted p-values of d = 0 and of d <= Delta, [..., m] each, at most 1.

    p_zero is two-sided, p_large one-sided in the direction of the better mean.

    The m pairs are taken to be all pairs of K means where m is such a number; a pair that is not
    judged has p = 1 and stays in the family. Every p_large must be at least half its p_zero: then a
    pair passes as `>` before it can as `≫`. An adjusted value is at most alpha where the step-down
    at alpha rejects.
    """
    m = p_zero.shape[-1]
    values = np.concatenate([p_zero, p_large / LARGE_SHARE], axis=-1)
    ascending = np.argsort(values, axis=-1, kind="stable")  # ties: d = 0 first
    large = ascending >= m
    apart, beyond = (np.cumsum(each, axis=-1) - each for each in (~large, large))
    equal = equalities(m)[apart]
    divisors = equal + LARGE_SHARE * (m - beyond - equal)
    found = _stepped(values, ascending, divisors)
    return found[..., :m], found[..., m:]


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return adjusted p-values, [..., m], by Holm (1979): the k-th least (from 0) times m - k.

    statsmodels has it for one family only, and runs the garbage collector at every call (0.1 s
    beside a live study); a test holds this one to it.
    """
    ascending = np.argsort(p_values, axis=-1, kind="stable")
    return _stepped(p_values, ascending, np.arange(p_values.shape[-1], 0, -1))


def _stepped(values: np.ndarray, ascending: np.ndarray, divisors: np.ndarray) -> np.ndarray:
    """Return values times divisors, never less than at an earlier step."""
    steps = np.take_along_axis(values, ascending, -1) * divisors
    found = np.empty(values.shape)
    np.put_along_axis(found, ascending, np.maximum.accumulate(steps, axis=-1), -1)
    return np.minimum(found, 1.0)
