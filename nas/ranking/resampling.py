"""How steady a front is: in what share of resamples over seeds a candidate is on it.

It describes the seeds at hand and claims nothing: resamples of three seeds spread less than new
seeds would (docs/pareto.md, "How sure it is").
"""

from collections.abc import Mapping

import numpy as np

from nas.ranking.dominance import front
from nas.spec.choices import Price

RESAMPLES = 500
FEWEST = 3  # seeds below which resamples say nothing: two have three, of which two are one seed

Costs = Mapping[Price, float]
SeedScores = Mapping[str, Mapping[int, float]]  # by label and seed, fractions


def shares_on_front(scores: SeedScores, costs: Mapping[str, Costs]) -> dict[str, float]:
    """Return in what share of resamples over seeds each candidate is on the front.

    Seeds are drawn with replacement, the same ones for all candidates: they share the order of
    images. Empty unless `FEWEST` seeds are of all of them. The same scores give the same shares.

    Args:
        scores: of every candidate.
        costs: of the same, the same ones of each.
    """
    labels = sorted(scores)
    shared = sorted(set.intersection(*(set(scores[x]) for x in labels))) if labels else []
    if len(shared) < FEWEST:
        return {}
    values = np.array([[scores[label][seed] for seed in shared] for label in labels])
    priced = -np.array([list(costs[label].values()) for label in labels], dtype=float)
    rng = np.random.default_rng(0)
    hits = np.zeros(len(labels))
    for _ in range(RESAMPLES):
        means = values[:, rng.integers(0, len(shared), len(shared))].mean(axis=1)
        hits += front(np.column_stack([means, priced]))
    return dict(zip(labels, (hits / RESAMPLES).tolist(), strict=True))
