"""Interpolation that is monotone between points: the one place that loads scipy's, when asked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator


def monotone(
    x: np.ndarray | Sequence[float], y: np.ndarray | Sequence[float]
) -> "PchipInterpolator":
    """Return cubics through points (Fritsch and Butland 1984), which `x` orders increasingly.

    Raises:
        ValueError: `x` does not increase, or there is one point.
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - takes a fifth of a second

    return PchipInterpolator(x, y)
