"""The levels of single looks: compute the shipped table, or hold it to simulated studies.

    python benchmarks/critical_levels.py [--write]

Without --write: p*(a) of the table beside the share of simulated normal paths on which any look is
significant at it. Bar: within 4 standard errors. --write computes the table,
nas/ranking/statistics/levels.json, anew (some three minutes).
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import special

from nas.ranking.statistics import levels as shipped

DESIGNS = ((2, 6), (3, 10), (3, 20), (5, 12), (6, 10), (6, 20), (10, 30))
ERRORS = (0.0005, 0.001, 0.005, 0.01, 0.05)
PATHS = 2_000_000
BATCH = 100_000


def write() -> None:
    """Compute the table and write it into the package, a line a design."""
    lines = []
    for last in shipped.LASTS:
        firsts = [first for first in shipped.FIRSTS if first < last]
        for first, logs in zip(firsts, shipped.compute(firsts, last), strict=True):
            lines.append(f'"{first}-{last}": {json.dumps([round(float(x), 5) for x in logs])}')
    path = Path(shipped.__file__).with_name(shipped.TABLE)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(lines)} designs in {path.name}")


def smallest_p(first: int, last: int, *, paths: int, seed: int) -> np.ndarray:
    """Return the smallest p-value over the looks, [paths], when all differences are noise."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(0, paths, BATCH):
        d = random.standard_normal((last, BATCH))
        n = np.arange(1, last + 1)[:, None]
        mean = np.cumsum(d, axis=0) / n
        variance = (np.cumsum(d**2, axis=0) - n * mean**2) / np.maximum(n - 1, 1)
        t = np.abs(mean) * np.sqrt(n / np.maximum(variance, 1e-300))
        p = [2 * special.stdtr(at - 1, -t[at - 1]) for at in range(first, last + 1)]
        found.append(np.min(p, axis=0))
    return np.concatenate(found)


def check() -> None:
    """Print a row a design and error level."""
    print("| first, last | a | p*(a) | share of paths | standard errors off |")
    print("|---|---|---|---|---|")
    for first, last in DESIGNS:
        p = smallest_p(first, last, paths=PATHS, seed=first * 100 + last)
        for error in ERRORS:
            nominal = shipped.levels(first, last).nominal(error)
            share = float(np.mean(p <= nominal))
            off = (share - error) / np.sqrt(error * (1 - error) / PATHS)
            print(f"| {first}, {last} | {error} | {nominal:.3e} | {share:.6f} | {off:+.1f} |")


if __name__ == "__main__":
    write() if "--write" in sys.argv[1:] else check()
