"""At how many seeds a claim about one pair is first made."""

import numpy as np

from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import Design, Looks, look
from nas.ranking.statistics.stepdown import LARGE_SHARE
from nas.spec.study import Correction


def claimed_at(
    gap: float, sd: float, symbol: Symbol, design: Design, *, pairs: int, studies: int, seed: int
) -> np.ndarray:
    """Return at how many seeds [studies] a claim about one of `pairs` is first made; 0 for never.

    Differences are normal with mean `gap` and `sd`; the level is that of the first Holm step.
    `UNDECIDED` asks for any claim.
    """
    random = np.random.default_rng(seed)
    d = gap + sd * random.standard_normal((studies, 1, design.last))
    claims = _claims(look(d, design, pairs=pairs), symbol, design, pairs)[:, 0]
    return np.where(claims.any(axis=-1), claims.argmax(axis=-1) + 1, 0)


def _claims(looks: Looks, symbol: Symbol, design: Design, pairs: int) -> np.ndarray:
    """Return [..., m, last] whether the claim is made at a look."""
    level = design.tested / pairs
    nearest = np.where(looks.mean >= 0, looks.low, -looks.high)
    if design.correction is Correction.HOLM:
        differs, equal = looks.differs <= level, looks.equal <= level
        much = looks.large <= LARGE_SHARE * level
    else:
        differs, much = nearest > 0, nearest > design.large_margin
        equal = (looks.low > -design.margin) & (looks.high < design.margin)
    better = differs & (np.abs(looks.mean) >= design.margin)
    match symbol:
        case Symbol.MUCH_BETTER:
            return much
        case Symbol.BETTER:
            return better
        case Symbol.EQUIVALENT:
            return equal
    not_worse = nearest > -design.margin
    return not_worse if symbol is Symbol.NOT_WORSE else not_worse | equal | better
