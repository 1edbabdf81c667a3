"""Which of many candidates none other beats in everything, front by front."""

import numpy as np


def front(worths: np.ndarray) -> np.ndarray:
    """Return which rows no other row dominates, [candidates] of bool.

    Args:
        worths: [candidates, goals], larger is better. A row dominates another where it is as good
            in all goals and better in one; equal rows do not dominate each other.
    """
    left = np.lexsort(-worths.T[::-1])  # whatever dominates a row comes before it
    rows = worths[left]
    if worths.shape[1] == 2:
        highest = np.maximum.accumulate(rows[:, 1])
        found = left[np.append(True, rows[1:, 1] > highest[:-1])[: len(left)]]
    else:
        first = []
        while len(left):
            first.append(left[0])
            beyond = (rows > rows[0]).any(axis=1)
            left, rows = left[beyond], rows[beyond]
        found = np.array(first, dtype=int)
    on = np.zeros(len(worths), dtype=bool)
    on[found] = True
    for row in np.flatnonzero(np.isin(worths[:, 0], worths[found, 0]) & ~on):
        on[row] = (worths[found] == worths[row]).all(axis=1).any()
    return on


def best_fronts(worths: np.ndarray, count: int) -> np.ndarray:
    """Return the rows of the first fronts, so many in all, in order; of the last front the newest.

    A front is what no row dominates that is in no earlier front.
    """
    left, chosen = np.arange(len(worths)), np.zeros(0, dtype=int)
    while len(left) and len(chosen) < count:
        on = front(worths[left])
        chosen = np.concatenate([chosen, left[on][-(count - len(chosen)) :]])
        left = left[~on]
    return np.sort(chosen)


def fronts(worths: np.ndarray) -> np.ndarray:
    """Return the front that each row is on, [candidates] of int: 0 is dominated by none.

    A row of front k is dominated by one of front k - 1 and by none of front k: non-dominated
    sorting (NSGA-II, Deb et al. 2002).
    """
    found = np.zeros(len(worths), dtype=int)
    left, place = np.arange(len(worths)), 0
    while len(left):
        on = front(worths[left])
        found[left[on]] = place
        left, place = left[~on], place + 1
    return found
