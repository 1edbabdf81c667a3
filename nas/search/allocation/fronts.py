"""Who goes on where candidates are judged by a reading and by costs: fronts, then crowding.

NSGA-II's order (Deb et al. 2002): a candidate on an earlier front comes first, and of one front
whoever has most room around it, so that those who go on lie all along it.
"""

import math

import numpy as np

from nas.ranking.dominance import fronts


def ranked(worths: np.ndarray) -> list[tuple[int, int]]:
    """Return places of candidates and the front of each, 0 the first; those to go on come first.

    Nobody comes before a candidate that dominates it. The ends of a front come before its middle,
    the best reading before the smallest cost: where one goes on, it is the one that would without
    costs. Candidates that nothing tells apart stay in their order.

    Args:
        worths: [candidates, 1 + costs], larger is better: the reading, then the costs.
    """
    found = fronts(worths)
    room = np.zeros(len(worths))
    for place in np.unique(found):
        there = np.flatnonzero(found == place)
        room[there] = crowding(worths[there])
    order = np.lexsort((-worths[:, 0], -room, found))  # stable; the last key is the first
    return [(int(i), int(found[i])) for i in order]


def crowding(worths: np.ndarray) -> np.ndarray:
    """Return how much room each candidate of one front has, [candidates]: infinite at its ends.

    The sum, over columns, of the distance between the neighbours on both sides, as a share of the
    front's length (Deb et al. 2002, Section III-B). Distances between costs are ratios: twice the
    multiply-adds are as far at a billion as at a million. Equal candidates count once, and all but
    the first have no room at all.

    Args:
        worths: [candidates, columns], the first of which is a reading.
    """
    room = np.zeros(len(worths))
    _, kept = np.unique(worths, axis=0, return_index=True)
    for column, found in enumerate(worths[kept].T):
        priced = column > 0 and bool((found != 0).all())
        values = np.sign(found) * np.log(np.abs(found)) if priced else found
        order = np.argsort(values, kind="stable")
        room[kept[order[[0, -1]]]] = math.inf
        if not np.isfinite(values).all() or len(order) < 3:
            continue
        length = values[order[-1]] - values[order[0]]
        if length > 0:
            room[kept[order[1:-1]]] += (values[order[2:]] - values[order[:-2]]) / length
    return room
