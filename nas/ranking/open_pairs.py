"""Where another seed may still decide something: the layouts whose relations are open."""

from collections.abc import Iterable

import numpy as np

from nas.ranking.evidence import Evidence, Rules, gather, gather_placebo
from nas.ranking.statistics.replication import extend
from nas.spec.study import RankingSpec, SearchSpec
from nas.study.records import Declaration, TrialHistory


def open_layouts(
    histories: Iterable[TrialHistory],
    spec: RankingSpec,
    *,
    search: SearchSpec,
    evaluation_images: int,
    declared: Declaration | None = None,
) -> tuple[str, ...]:
    """Return the labels that get one more seed, by name; a twin as long as it is not told apart.

    Looks and level are those `declared`, by default the seeds of `search` and the level of `spec`.

    A pair whose claim is withheld is closed: no seed would bring it back (docs/ranking.md, "Where
    seeds go").

    Raises:
        ValueError: two trials share label and seed, or there is no evaluation image.
    """
    looks, first_round = (search.seeds, search.most_seeds), None
    if declared is not None:
        looks, first_round = (declared.first, declared.last), declared.first_round
        spec = spec.model_copy(update={"alpha": declared.alpha})
    rules = Rules.of(
        spec,
        evaluation_images=evaluation_images,
        seeds=looks,
        until=search.until,
        first_round=first_round,
    )
    evidence = gather(histories, rules)
    placebo = gather_placebo(evidence.scores, rules)
    found = dict.fromkeys(_asked(evidence))
    if placebo is not None:
        found |= dict.fromkeys(_asked(placebo))
    return tuple(found)


def _asked(evidence: Evidence) -> list[str]:
    pairs = evidence.pairs
    if not len(pairs.n):
        return []
    given = np.array([len(evidence.scores.statuses[label]) for label in pairs.layouts])
    closed = np.array([i in evidence.withheld for i in range(len(pairs.n))])
    asked = extend(evidence.verdict, given, pairs.members, evidence.rules.design, closed=closed)
    return [label for label, more in zip(pairs.layouts, asked, strict=True) if more]
