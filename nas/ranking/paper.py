"""The orders that the CoAtNet paper reports, and how far a study's agrees.

See docs/paper.md, "Reported orders".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from nas.ranking.result import Agreement, LayoutScore, Relation, Symbol
from nas.spec.study import Metric

FEWEST = 3  # layouts in common: of two, an order agrees or it does not


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    text: str
    places: dict[str, int]  # 1 is best; those joined by `≈` share one


# Dai et al. 2021, arXiv:2106.04803, section 2.2. The order of transferability is of two layouts
# only, C-C-T-T > C-T-T-T (Table 2): too few to correlate.
_ORDERS = {
    Metric.GENERALIZATION: _Order(
        text="C-C-C-C ≈ C-C-C-T ≥ C-C-T-T > C-T-T-T ≫ ViT_REL",
        places={"C-C-C-C": 1, "C-C-C-T": 1, "C-C-T-T": 2, "C-T-T-T": 3, "ViT_REL": 4},
    ),
    Metric.CAPACITY: _Order(
        text="C-C-T-T ≈ C-T-T-T > ViT_REL > C-C-C-T > C-C-C-C",
        places={"C-C-T-T": 1, "C-T-T-T": 1, "ViT_REL": 2, "C-C-C-T": 3, "C-C-C-C": 4},
    ),
}


def agreement(
    layouts: Sequence[LayoutScore], relations: Sequence[Relation], metric: Metric
) -> Agreement | None:
    """Return Kendall's tau-b of the study's order with the paper's: 1 where they agree.

    `layouts` come best first. In both orders layouts joined by `≈` tie; the study's others stand as
    they were estimated, claimed or not. None where the paper has no order by this metric, or fewer
    than three of its layouts, by name, are ranked, or all of them tie.
    """
    order = _ORDERS.get(metric)
    if order is None:
        return None
    both = [layout.label for layout in layouts if layout.label in order.places]
    if len(both) < FEWEST:
        return None
    from scipy.stats import kendalltau  # noqa: PLC0415 - takes half a second

    theirs = [order.places[name] for name in both]
    tau = float(kendalltau(_places(both, relations), theirs, variant="b").statistic)
    return None if math.isnan(tau) else Agreement(paper=order.text, tau=tau)


def _places(names: Sequence[str], relations: Sequence[Relation]) -> list[int]:
    tied = {frozenset((each.a, each.b)) for each in relations if each.symbol is Symbol.EQUIVALENT}
    return [0, *accumulate(frozenset(pair) not in tied for pair in pairwise(names))]
