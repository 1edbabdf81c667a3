"""The second interval of every pair: what its seeds and its images say of new seeds and images."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from nas.ranking.paired import Pairs
from nas.ranking.result import Interval, Relation
from nas.ranking.statistics.certificate import Design
from nas.ranking.statistics.images import critical, new_images

ByImage = Callable[[str, int], np.ndarray | None]  # of a label and a seed: scores, [images]


def second_intervals(
    relations: Sequence[Relation], pairs: Pairs, design: Design, *, by_image: ByImage
) -> tuple[Relation, ...]:
    """Return the relations, each with its interval for new images where one can be had.

    `relations` are those of `pairs`, in that order. There is none where the first interval does not
    hold, and where a trial did not keep which images it was right about.

    Raises:
        JournalCorruptError: a record contradicts its accuracy.
    """
    kept = cache(by_image)
    return tuple(
        replace(each, new_images=_second(each, pairs.seeds[i], design, len(relations), kept))
        for i, each in enumerate(relations)
    )


def _second(
    relation: Relation, seeds: Sequence[int], design: Design, m: int, by_image: ByImage
) -> Interval | None:
    if relation.low is None or relation.high is None:
        return None
    differences = []
    for seed in seeds:
        a, b = by_image(relation.a, seed), by_image(relation.b, seed)
        if a is None or b is None:
            return None
        differences.append(a - b)
    n = len(seeds)
    if design.first == design.last and n < design.first:
        design = replace(design, first=n, last=n)  # looked at once, at the seeds it has
    low, high = new_images(
        np.stack(differences),
        low=relation.low,
        high=relation.high,
        critical=critical(design, pairs=m, seeds=n),
    )
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Interval(low=max(low, -1.0), high=min(high, 1.0))
