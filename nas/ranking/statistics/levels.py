"""The level that every single look at a pair may use, so that all its looks together keep one.

p*(a) is the nominal level with P(min over n0 <= n <= N of p_n <= p*) = a, where p_n is the
two-sided p-value of the t test of the first n differences and the differences are normal with mean
zero (docs/ranking.md, "Why looking is allowed"). One constant nominal level is Pocock's rule
(1977), here exact for t.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from nas.ranking.statistics.boundary import HIGHEST, crossing
from nas.ranking.statistics.monotone import monotone

NOMINAL = np.geomspace(1e-8, HIGHEST, 17)  # computed; log-log interpolation between is good to 1e-4
FIRSTS = range(2, 11)  # shipped; other designs take some seconds, once in a process
LASTS = range(3, 31)
TABLE = "levels.json"  # written by benchmarks/critical_levels.py


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Levels:
    """p*(a) and its inverse for looks at `first` to `last` paired seeds."""

    first: int
    last: int
    log_overall: np.ndarray  # at NOMINAL; ascending

    def nominal(self, overall: float) -> float:
        """Return p*(a): the level of each look, for an error of `overall` in all looks together.

        At most 0.3, which is less than p* for errors beyond one half.

        Raises:
            ValueError: `overall` is not in (0, 1).
        """
        if not 0 < overall < 1:
            raise ValueError(f"an error level must be between 0 and 1, not {overall}")
        if self.first == self.last:
            return overall
        at = min(np.log(overall), self.log_overall[-1])
        return float(np.exp(_interpolate(at, self.log_overall, np.log(NOMINAL))))

    def overall(self, nominal: np.ndarray) -> np.ndarray:
        """Return F(p), the inverse of `nominal`: the error of all looks together; 1 beyond 0.3."""
        if self.first == self.last:
            return np.asarray(nominal)
        at = np.log(np.maximum(nominal, np.finfo(float).tiny))
        found = np.exp(_interpolate(at, np.log(NOMINAL), self.log_overall))
        return np.where(nominal > HIGHEST, 1.0, found)


@lru_cache(maxsize=64)
def levels(first: int, last: int) -> Levels:
    """Return the levels for looks at `first`, `first` + 1, ... `last` paired seeds.

    Raises:
        ValueError: not 2 <= first <= last.
    """
    if not 2 <= first <= last:
        raise ValueError(f"looks need 2 <= first <= last, not {first} and {last}")
    if first == last:
        return Levels(first=first, last=last, log_overall=np.log(NOMINAL))
    shipped = _shipped().get(f"{first}-{last}")
    log_overall = np.asarray(shipped) if shipped else compute((first,), last)[0]
    return Levels(first=first, last=last, log_overall=log_overall)


def compute(firsts: Sequence[int], last: int) -> np.ndarray:
    """Return ln F at NOMINAL, [firsts, levels]; takes 0.1 s a look."""
    return np.log(np.stack([crossing(float(each), firsts, last) for each in NOMINAL], axis=1))


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Sequence[float]]:
    text = resources.files("nas.ranking.statistics").joinpath(TABLE).read_text(encoding="utf-8")
    return json.loads(text)


def _interpolate(at: np.ndarray | float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate monotonically; below the table errors stay in proportion."""
    return monotone(x, y)(np.clip(at, x[0], x[-1])) + np.minimum(at - x[0], 0.0)
