"""Where another seed may still decide something: the layouts whose relations are open."""

from collections.abc import Iterable

import numpy as np

from nas.ranking.evidence import Evidence, Rules, gather, gather_placebo
from nas.ranking.statistics.replication import extend
from nas.spec.study import RankingSpec, SearchSpec
from nas.study.declaration import Declaration
from nas.study.records import TrialHistory


def open_layouts(
    histories: Iterable[TrialHistory],
    spec: RankingSpec,
    *,
    search: SearchSpec,
    evaluation_images: int,
    declared: Declaration | None = None,
    endless: bool = False,
) -> tuple[str, ...]:
    """Return the labels that get one more seed, by name; a twin as long as it is not told apart.

    Looks and level are those `declared`, by default the seeds of `search` and the level of `spec`.

    Where the question is the winner, the only open pairs are those of the leader with whoever may
    still be the best. A pair whose claim is withheld is closed, and so is one whose layout is read
    no further than a run that missed l*: no seed would help (docs/ranking.md, "Where seeds go").

    Raises:
        ValueError: two trials share label and seed, or there is no evaluation image.
    """
    looks = search.seeds, search.most_seeds
    if declared is not None:
        looks = declared.first, declared.last
        spec = spec.model_copy(update={"alpha": declared.alpha})
    rules = Rules.of(
        spec,
        evaluation_images=evaluation_images,
        seeds=looks,
        until=search.until,
        declared=declared,
        endless=endless,
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
    closed = np.array(
        [
            i in evidence.withheld
            or any(evidence.scores.unread.get(each) for each in pairs.names(i))
            for i in range(len(pairs.n))
        ]
    )
    verdict = evidence.verdict
    if evidence.contest is not None:
        verdict = evidence.contest.asking(verdict)
    asked = extend(verdict, given, pairs.members, evidence.rules.design, closed=closed)
    return [label for label, more in zip(pairs.layouts, asked, strict=True) if more]
