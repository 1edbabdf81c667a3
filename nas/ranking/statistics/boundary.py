"""How often repeated looks at equal layouts find one significant, to three digits and exactly.

The looks are two-sided t tests of the first n differences at one nominal level, n0 <= n <= N, the
differences normal with mean zero. It needs no Monte Carlo. Let W_n = sum(x) / sqrt(n sum(x^2)) over
the first n; t_n is a function of W_n. A normal vector's direction is independent of its length, so
that with y = x_{n+1} / sqrt(sum(x^2)) the next W depends on (W_n, y) alone, and y sqrt(n) is
Student's t with n degrees of freedom, independent of all W so far: W is a Markov chain in one
dimension. The probability to cross the bounds is integrated backwards over it, from N to n0. Angles
keep the integrals finite: W_n = sin(theta), y = tan(phi), the density of phi is proportional to
cos(phi)^(n-1), and

    W_{n+1} = (sqrt(n) sin(theta) cos(phi) + sin(phi)) / sqrt(n + 1).
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from nas.ranking.statistics import special
from nas.ranking.statistics.monotone import monotone

HIGHEST = 0.3  # nominal level; beyond it the critical t could be below 1 and the bounds fold
_NODES = 161  # of a function of t_n, even in it
_FINER = 10  # times as many for looking up between them
_QUADRATURE = 48  # points on either side of the crossing interval
_GRADING = 4  # points crowd towards the bound, where the integrand is steep


def crossing(nominal: float, firsts: Sequence[int], last: int) -> np.ndarray:
    """Return the probability that any look from each of `firsts` to `last` is significant.

    Takes about 6 ms a look.

    Raises:
        ValueError: not 2 <= first < last for all, or `nominal` is not in (0, 0.3].
    """
    if not 0 < nominal <= HIGHEST:
        raise ValueError(f"a nominal level must be in (0, {HIGHEST}], not {nominal}")
    if not 2 <= min(firsts) <= max(firsts) < last:
        raise ValueError(f"looks need 2 <= first < last, not {tuple(firsts)} and {last}")
    critical = special.stdtrit(np.arange(1, last), 1 - nominal / 2)  # [n - 2]: of n - 1 freedom
    found = dict.fromkeys(firsts, 0.0)
    later: np.ndarray | None = None  # P(cross after n | t_n) at the nodes of n; at `last` nothing
    for n in range(last - 1, min(firsts) - 1, -1):
        later = _step_back(n, (critical[n - 2], critical[n - 1]), later)
        if n in found:
            found[n] = nominal + 2 * _integral_inside(n, critical[n - 2], later)
    return np.array([found[first] for first in firsts])


def _nodes(bound: float) -> np.ndarray:
    """Return values of asinh(t) from 0 to the bound: even in log t where t is large."""
    return np.linspace(0.0, np.arcsinh(bound), _NODES)


def _step_back(n: int, bounds: tuple[float, float], later: np.ndarray | None) -> np.ndarray:
    """Return P(a look after n is significant | t_n), given the same for n + 1 and its nodes.

    A constant sample lifts t, so that the y which cross are an interval around 1 / (sqrt(n) W),
    where the next W is largest; the opposite bound is out of reach while the critical t exceeds 1.
    """
    t = np.sinh(_nodes(bounds[0]))
    w_x_root_n = np.sqrt(n) * t / np.sqrt(t**2 + n - 1)
    bound = (n + 1) * bounds[1] ** 2 / (bounds[1] ** 2 + n)  # (n + 1) W^2 at the next bound
    # (bound - 1) y^2 - 2 sqrt(n) W y + bound - n W^2 < 0 crosses
    half = np.sqrt(np.maximum(bound * (w_x_root_n**2 + 1 - bound), 0.0))
    crosses = half > 0
    peak = np.arctan2(1.0, w_x_root_n)
    low = np.where(crosses, np.arctan((w_x_root_n - half) / (bound - 1)), peak)
    high = np.where(crosses, np.arctan((w_x_root_n + half) / (bound - 1)), peak)
    root_n = np.sqrt(n)
    found = special.stdtr(n, -np.tan(low) * root_n) - special.stdtr(n, -np.tan(high) * root_n)
    if later is None:
        return found
    points, weights = _graded()
    fine = np.linspace(0.0, np.arcsinh(bounds[1]), _FINER * (_NODES - 1) + 1)
    refined = fine, monotone(_nodes(bounds[1]), later)(fine)
    norm = np.exp(special.gammaln((n + 1) / 2) - special.gammaln(n / 2)) / np.sqrt(np.pi)
    for end, side in ((low, -np.pi / 2), (high, np.pi / 2)):
        length = np.abs(side - end)[:, None]
        phi = end[:, None] + (side - end)[:, None] * points
        sine = (w_x_root_n[:, None] * np.cos(phi) + np.sin(phi)) / np.sqrt(n + 1)
        next_t = np.sqrt(n) * np.abs(sine) / np.sqrt(np.maximum(1 - sine**2, 1e-300))
        value = np.interp(np.arcsinh(next_t), *refined)
        found = found + norm * np.sum(weights * length * np.cos(phi) ** (n - 1) * value, axis=1)
    return found


def _integral_inside(n: int, bound: float, later: np.ndarray) -> float:
    """Return the integral of `later` over 0 <= t_n < bound: P(no crossing at n, one after) / 2."""
    points, weights = np.polynomial.legendre.leggauss(4 * _QUADRATURE)
    top = np.arcsinh(bound)
    at = top * (points + 1) / 2
    freedom = n - 1
    log_norm = special.gammaln((freedom + 1) / 2) - special.gammaln(freedom / 2)
    density = np.exp(log_norm - (freedom + 1) / 2 * np.log1p(np.sinh(at) ** 2 / freedom))
    density *= np.cosh(at) / np.sqrt(freedom * np.pi)
    return float(np.sum(weights * density * monotone(_nodes(bound), later)(at)) * top / 2)


@lru_cache(maxsize=1)
def _graded() -> tuple[np.ndarray, np.ndarray]:
    """Return points in (0, 1) that crowd at 0 and their weights."""
    points, weights = np.polynomial.legendre.leggauss(_QUADRATURE)
    base = (points + 1) / 2
    return base**_GRADING, weights / 2 * _GRADING * base ** (_GRADING - 1)
