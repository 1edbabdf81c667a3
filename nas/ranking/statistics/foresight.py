"""How many seeds a pair is expected to need, before they are trained."""

import math

import numpy as np

from nas.ranking.statistics import special
from nas.ranking.statistics.certificate import Design
from nas.spec.study import Correction, Until

SEEDS_FORESEEN = 1000  # beyond it "more seeds" is no advice


def seeds_needed(
    mean: float, sd: float, n: int, design: Design, m: float, *, until: Until
) -> int | None:
    """Return at how many seeds in all a pair of m is expected to close, mean and sd staying.

    The level is that of the first Holm step. Beyond `design.last` the answer advises a next study;
    this one has no look there. None where 1000 seeds would not do, or nothing is known (n < 2).
    """
    if n < 2 or not (math.isfinite(mean) and math.isfinite(sd)):
        return None
    seeds = np.arange(max(design.first, n + 1), SEEDS_FORESEEN + 1)
    error = sd / np.sqrt(seeds)
    alpha, gap = design.tested / m, abs(mean)
    half = -special.stdtrit(seeds - 1, design.levels.nominal(alpha) / 2) * error
    if until is Until.SETTLED:
        enough = half < gap + design.margin
    elif gap >= design.margin:
        enough = half < gap
    else:
        if design.correction is Correction.HOLM:  # one-sided: F(2 p) / 2 <= alpha / m
            half = -special.stdtrit(seeds - 1, design.levels.nominal(2 * alpha) / 2) * error
        enough = half < design.margin - gap
    return int(seeds[enough][0]) if enough.any() else None
