"""Which layouts get one more seed: where a relation is open and can still close.

The rules of docs/ranking.md, "Where seeds go". Claims stay valid because the bounds cover every
look and each layout's runs are a prefix of one fixed order of seeds: what is looked at decides only
how long the prefix is.
"""

import numpy as np

from nas.ranking.statistics.certificate import Design, Verdict

LEAST_CHANCE = 0.2  # futility: a pair with less is not worth a run


def extend(
    verdict: Verdict,
    n_layout: np.ndarray,
    pairs: np.ndarray,
    design: Design,
    *,
    closed: np.ndarray | None = None,
    least_chance: float = LEAST_CHANCE,
) -> np.ndarray:
    """Return which layouts [..., K] get one more seed; none where replication is over.

    `n_layout` [..., K] counts the seeds each layout was given, lost ones too; `pairs` [m, 2] holds
    the places of the two layouts of each pair. Of an open pair the layout with fewer seeds is
    extended, both where they have equally many. `closed` [..., m] marks pairs that no seed can
    help, because their claim is withheld. A pair whose chance to close is below `least_chance` is
    given up; that may be chosen freely, claims do not rest on it.
    """
    wanting = verdict.open & (verdict.chance >= least_chance)
    if closed is not None:
        wanting &= ~closed
    a, b = n_layout[..., pairs[:, 0]], n_layout[..., pairs[:, 1]]
    found = np.zeros(n_layout.shape, dtype=bool)
    for member, behind in ((0, a <= b), (1, b <= a)):
        asks = wanting & behind
        for layout in range(n_layout.shape[-1]):
            mine = pairs[:, member] == layout
            found[..., layout] |= asks[..., mine].any(axis=-1)
    return found & (n_layout < design.last)
