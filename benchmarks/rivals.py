"""How rankings are claimed elsewhere, run on the same simulated studies as the certificate.

All layouts are taken to be equal where a false `>` is counted; scores are [studies, K, seeds], and
every rival looks at every seed from the third on.
"""

import numpy as np
from scipy import special

from nas.ranking.forecast.scenarios import Scenario, differences, draw, pairs_of
from nas.ranking.forecast.simulate import Policy, replicate
from nas.ranking.statistics.certificate import Design
from nas.ranking.statistics.stepdown import holm
from nas.spec.study import Until

FIRST = 3
SINGLE = 0.05


def _moments(d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return n, mean and sd of the first n differences, for each n."""
    n = np.arange(1, d.shape[-1] + 1)
    mean = np.cumsum(d, axis=-1) / n
    variance = (np.cumsum(d**2, axis=-1) - n * mean**2) / np.maximum(n - 1, 1)
    return n, mean, np.sqrt(np.maximum(variance, 0.0))


def false_better(scores: np.ndarray, design: Design) -> tuple[float, float, float]:
    """Return the share of studies of equal layouts in which a rival ever claims `>`.

    The rivals: paired t at 5 % at every seed; the same with Holm over the pairs; and all pairs
    against one error, that of the two-way model layout + seed, with the certificate's own levels.
    """
    d = differences(scores)
    n, mean, sd = _moments(d)
    large = np.abs(mean) >= design.margin
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.stdtr(np.maximum(n - 1, 1), -np.abs(mean) * np.sqrt(n) / sd)
    looked = n >= FIRST
    naive = ((p <= SINGLE) & large)[..., looked].any(axis=(1, 2)).mean()
    corrected = holm(np.moveaxis(p[..., looked], 1, -1)) <= SINGLE
    held = (corrected & np.moveaxis(large[..., looked], 1, -1)).any(axis=(1, 2)).mean()
    return float(naive), float(held), _pooled(scores, mean, design)


def _pooled(scores: np.ndarray, mean: np.ndarray, design: Design) -> float:
    layouts, pairs = scores.shape[1], len(pairs_of(scores.shape[1]))
    n = np.arange(1, scores.shape[-1] + 1)
    centred = scores - scores.mean(axis=1, keepdims=True)  # a seed's effect is gone
    layout_mean = np.cumsum(centred, axis=-1) / n
    rest = np.cumsum(centred**2, axis=-1) - n * layout_mean**2
    freedom = np.maximum((layouts - 1) * (n - 1), 1)
    error = np.sqrt(2 * np.maximum(rest.sum(axis=1), 0.0) / freedom / n)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.stdtr(freedom, -np.abs(mean) / error)
    level = design.levels.nominal(design.alpha / pairs)
    claims = (p <= level) & (np.abs(mean) >= design.margin) & (n >= design.first)
    return float(claims.any(axis=(1, 2)).mean())


def false_equal(scores: np.ndarray, design: Design, gaps: np.ndarray) -> float:
    """Return the share of studies in which two uncorrected one-sided t tests claim a false `≈`."""
    n, mean, sd = _moments(differences(scores))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = special.stdtr(np.maximum(n - 1, 1), (np.abs(mean) - design.margin) * np.sqrt(n) / sd)
    apart = np.abs(gaps) >= design.margin * (1 - 1e-9)
    claims = (p <= SINGLE) & (n >= FIRST) & apart[:, None]
    return float(claims.any(axis=(1, 2)).mean())


def collapsing(design: Design, studies: int) -> float:
    """Return the share of studies with a false `>` where one of five equal means hides collapses.

    A tenth of the first layout's runs lose 9 points; it is otherwise 0.9 points better than the
    others, so that all means are equal. The noise of a run has an sd of 0.3 points.
    """
    scenario = Scenario(means=(0.0,) * 5, sds=(0.003,) * 5)
    scores = draw(scenario, studies=studies, seeds=design.last, seed=20)
    lost = np.random.default_rng(21).random((studies, design.last)) < 0.1
    scores[:, 0] += 0.009 - 0.09 * lost
    found = replicate(
        differences(scores),
        design,
        until=Until.SHARP,
        policy=Policy.ADAPTIVE,
        gaps=scenario.gaps,
    )
    return float(found.false_ever[:, 0].mean())
