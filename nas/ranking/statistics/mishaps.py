"""Runs that no normal noise explains, and how rare a mishap would have gone unseen.

The lowest of n runs is held against the mean and the spread of the others, so that it cannot hide
in a spread that is its own doing (Grubbs 1950). Two lost runs hide one another: the second lowest
is held against those above it as well, and so on; all up to the last that stands out are lost
(after Rosner 1983). See docs/ranking.md, "Who has collapsed".
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

import numpy as np

from nas.ranking.statistics import special

# Share of labels with normal noise of which any run may be called lost. The bar is 0.01; the rest
# is for the error of the simulated values.
ERROR = 0.009
FIRST_SHARE = 0.8  # of it is spent on the lowest run: most mishaps come alone
SIZES = range(3, 31)  # numbers of runs whose critical values are shipped
TABLE = "mishaps.json"  # written by: python benchmarks/collapse.py --critical


def lost(values: np.ndarray, *, far: float, floor: float = 0.0) -> np.ndarray:
    """Return which runs of a label, bool [..., n], were not drawn like its others.

    `values` are accuracies (fractions), [..., n]. A lost run lies below the median by more than
    `far` too, and fewer than half can be lost. No spread is taken to be less than `floor`.
    """
    n = values.shape[-1]
    median = np.median(values, axis=-1)
    cut = np.full(values.shape[:-1], -np.inf)
    for k, (suspect, distance) in enumerate(distances(np.sort(values, axis=-1), floor), start=1):
        found = (distance > critical(n, k)) & (median - suspect > far)
        cut = np.where(found, suspect, cut)
    return values <= cut[..., None]


def distances(ordered: np.ndarray, floor: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the k-th lowest of ordered runs [..., n], and how far it lies below those above it.

    k goes from 1 to less than half of n; distances are in standard errors of a new run.
    """
    n = ordered.shape[-1]
    for k in range(1, (n + 1) // 2):
        rest = ordered[..., k:]
        error = np.maximum(rest.std(axis=-1, ddof=1), floor) * math.sqrt(1 + 1 / (n - k))
        suspect = ordered[..., k - 1]
        with np.errstate(divide="ignore", invalid="ignore"):  # equal runs, no floor: 0 / 0 is none
            yield suspect, (rest.mean(axis=-1) - suspect) / error


def critical(n: int, k: int) -> float:
    """Return the distance beyond which the k-th lowest of n runs is lost.

    Of more runs than were simulated, what holds however they are ordered: it finds less.
    """
    if n in SIZES:
        return _shipped()[str(n)][k - 1]
    return _quantile(n, k, _share(n, k))


def compute(n: int, *, labels: int, seed: int = 0) -> list[float]:
    """Return the critical distances of n runs, k = 1, 2, ...

    The first is a quantile of t: a run against n - 1 others, and the lowest of n by being so. The
    others are quantiles of so many simulated labels with normal noise.
    """
    random = np.random.default_rng([seed, n])
    batch = max(1, 2_000_000 // n)
    tails: list[list[np.ndarray]] = [[] for _ in range(1, (n + 1) // 2)]
    kept = math.ceil(labels * ERROR)  # no quantile lies below the largest so many
    for start in range(0, labels if len(tails) > 1 else 0, batch):
        runs = np.sort(random.standard_normal((min(batch, labels - start), n)), axis=-1)
        for tail, (_, distance) in zip(tails, distances(runs, 0.0), strict=True):
            tail[:] = [np.sort(np.concatenate([*tail, distance]))[-kept:]]
    found = [_quantile(n, 1, _share(n, 1))]
    for k, tail in enumerate(tails[1:], start=2):
        found.append(float(tail[0][-max(1, round(labels * _share(n, k)))]))
    return found


def excluded_rate(seeds: int) -> float:
    """Return the least rate of a mishap that so many seeds without one exclude at 95 %.

    At a rate r they all go well with a chance of (1 - r)^n, which is 5 % at 1 - 0.05^(1/n).

    Raises:
        ValueError: there is no seed.
    """
    if seeds < 1:
        raise ValueError(f"a rate is excluded by one seed or more, not {seeds}")
    return 1 - 0.05 ** (1 / seeds)


def _share(n: int, k: int) -> float:
    """Return the error of the k-th test of n runs; all together have at most `ERROR`."""
    return ERROR * (FIRST_SHARE if k == 1 else (1 - FIRST_SHARE) / ((n - 1) // 2 - 1))


@cache
def _quantile(n: int, k: int, share: float) -> float:
    """Return it by Bonferroni over the n - k + 1 runs that could be the lowest of those left."""
    return -float(special.stdtrit(n - k - 1, share / (n - k + 1)))


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Sequence[float]]:
    text = resources.files("nas.ranking.statistics").joinpath(TABLE).read_text(encoding="utf-8")
    return json.loads(text)
