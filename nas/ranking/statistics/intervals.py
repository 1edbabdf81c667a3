"""Intervals that say what the symbols beside them say, whichever test a symbol came from.

All intervals of a study hold together; a symbol comes from a step-down, which may establish more or
less. [near, far] is the interval of a difference with the better layout first. What a test
established is cut off: it errs only where its symbol does. What it did not establish is let in
again: a wider interval errs less.
"""

import numpy as np

# What lies beyond a bound does so by this at least, so that no printed interval holds the bound;
# of an accuracy it is less than any rounding.
BEYOND = 1e-12

Interval = tuple[np.ndarray, np.ndarray]


def told_apart(
    near: np.ndarray, far: np.ndarray, *, apart: np.ndarray, agrees: np.ndarray
) -> Interval:
    """Return intervals that hold 0 unless the test told the pair `apart`.

    Where the test does not agree with the mean about the better layout, 0 is above the interval.
    """
    up, down = apart & agrees, apart & ~agrees
    near = np.where(up, np.maximum(near, BEYOND), np.minimum(near, 0.0))
    far = np.where(down, np.minimum(far, -BEYOND), np.maximum(far, 0.0))
    # Out of order only if looks contradict each other by as much as rounding.
    return np.where(down, np.minimum(near, far), near), np.where(up, np.maximum(near, far), far)


def as_said(
    near: np.ndarray,
    far: np.ndarray,
    *,
    much: np.ndarray,
    equal: np.ndarray,
    margins: tuple[float, float],
) -> Interval:
    """Return intervals that lie above the large margin only of `≫`, and within the margin of `≈`.

    `much` and `equal` mark those symbols.
    """
    margin, large = margins
    near = np.where(much, np.maximum(near, large + BEYOND), np.minimum(near, large))
    far = np.maximum(far, -large)
    near = np.where(equal, np.maximum(near, BEYOND - margin), near)
    return near, np.where(equal, np.minimum(far, margin - BEYOND), far)
