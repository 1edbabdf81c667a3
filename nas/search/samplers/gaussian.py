"""A Gaussian process over a unit cube, small enough to be asked within milliseconds.

Matrices carry their axes in lower case: n rows that are known, m rows asked about, a axes.
"""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import erfcx, ndtr
from threadpoolctl import ThreadpoolController

# Hvarfner et al. 2024 (arXiv 2402.02229): lengths grow with the root of the number of axes.
LENGTH_MEDIAN, LENGTH_SPREAD = math.sqrt(2), math.sqrt(3)  # of ln(length), at one axis
NOISE_MEDIAN, NOISE_SPREAD = -4.0, 1.0  # of ln(variance), of worths of variance 1
LOWEST, HIGHEST = -3.0, 6.0  # bounds of ln(length)
QUIETEST, LOUDEST = -10.0, 1.0  # bounds of ln(noise variance)
STEPS = 25  # of the climb to the likeliest kernel


@dataclass(frozen=True, kw_only=True, slots=True)
class Kernel:
    """Matérn 5/2 of variance 1, a length for each axis, and noise."""

    lengths: np.ndarray  # (a,), ln
    noise: float  # ln of the variance, in units of the worths' variance

    @classmethod
    def usual(cls, axes: int) -> "Kernel":
        """Return one of short lengths: climbs from here rarely end where noise explains all."""
        return cls(lengths=np.zeros(axes), noise=-2.0)


def apart(a_na: np.ndarray, b_ma: np.ndarray, words_a: np.ndarray) -> np.ndarray:
    """Return squared distances by axis, (a, n, m); two words are 1 apart."""
    differences = a_na.T[:, :, None] - b_ma.T[:, None, :]
    squared = differences * differences
    squared[words_a] = squared[words_a] > 0
    return squared


def fit(rows_na: np.ndarray, worths_n: np.ndarray, words_a: np.ndarray, start: Kernel) -> Kernel:
    """Return the likeliest kernel near `start`, given standardised worths.

    Args:
        rows_na: what is known, each axis from 0 to 1.
        worths_n: of mean 0 and variance 1.
        words_a: which axes have no order.
        start: where the climb begins, for example the kernel of fewer rows.
    """
    axes = rows_na.shape[1]
    squared = apart(rows_na, rows_na, words_a)
    median = np.append(np.full(axes, LENGTH_MEDIAN + 0.5 * math.log(axes)), NOISE_MEDIAN)
    spread = np.append(np.full(axes, LENGTH_SPREAD), NOISE_SPREAD)

    def unlikeliness(logs: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.exp(-2 * logs[:-1])
        likeness, slope = _matern(np.tensordot(weights, squared, 1))
        noise = math.exp(logs[-1])
        likeness[np.diag_indices_from(likeness)] += noise
        root = cholesky(likeness, lower=True, check_finite=False)
        solved = cho_solve((root, True), worths_n, check_finite=False)
        inverse = cho_solve((root, True), np.eye(len(root)), check_finite=False)
        off = (logs - median) / spread
        value = 0.5 * worths_n @ solved + np.log(np.diag(root)).sum() + 0.5 * off @ off
        pull = 0.5 * (inverse - np.outer(solved, solved))
        gradient = off / spread
        gradient[:-1] -= 2 * weights * np.tensordot(squared, pull * slope, 2)
        gradient[-1] += noise * np.trace(pull)
        return float(value), gradient

    with one_thread():
        found = minimize(
            unlikeliness,
            np.append(start.lengths, start.noise),
            jac=True,
            method="L-BFGS-B",
            bounds=[*[(LOWEST, HIGHEST)] * axes, (QUIETEST, LOUDEST)],
            options={"maxiter": STEPS, "gtol": 1e-2},
        )
    return Kernel(lengths=found.x[:-1], noise=float(found.x[-1]))


class Process:
    """What is believed of every point, given the worths of some."""

    def __init__(
        self, rows_na: np.ndarray, worths_n: np.ndarray, words_a: np.ndarray, kernel: Kernel
    ) -> None:
        """Take `worths_n` of mean 0 and variance 1 for what the rows are worth, but for noise."""
        self.rows, self.worths, self._words, self._kernel = rows_na, worths_n, words_a, kernel
        self._weights = np.exp(-2 * kernel.lengths)  # of squared distances, (a,)
        likeness = self._like(rows_na, rows_na)
        likeness[np.diag_indices_from(likeness)] += math.exp(kernel.noise)
        root = cholesky(likeness, lower=True, check_finite=False)
        unrooted = solve_triangular(root, np.eye(len(root)), lower=True, check_finite=False)
        self._unrooted = np.asarray(unrooted)
        self._solved = self._unrooted.T @ (self._unrooted @ worths_n)

    def believing(self, rows_ma: np.ndarray) -> "Process":
        """Return the process if these rows, still without worths, turn out as it expects.

        Where they lie nothing more is hoped for (Ginsbourger et al. 2010, kriging believer).
        """
        means, _ = self.at(rows_ma)
        rows, worths = np.vstack([self.rows, rows_ma]), np.append(self.worths, means)
        return Process(rows, worths, self._words, self._kernel)

    def at(self, rows_ma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of what rows are worth without noise, (m,) each."""
        like_nm = self._like(self.rows, rows_ma)
        means = self._solved @ like_nm
        explained = self._unrooted @ like_nm
        left = 1.0 - np.einsum("nm,nm->m", explained, explained)
        return means, np.sqrt(np.maximum(left, 1e-12))

    def _like(self, a_na: np.ndarray, b_ma: np.ndarray) -> np.ndarray:
        """Return how alike rows are, (n, m); by a product of matrices: it is most of the work."""
        numbers, roots = ~self._words, np.sqrt(self._weights)
        a, b = (rows[:, numbers] * roots[numbers] for rows in (a_na, b_ma))
        squared = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T)
        for column in np.flatnonzero(self._words):
            differ = a_na[:, column, None] != b_ma[:, column]
            squared += self._weights[column] * differ
        return _matern(np.maximum(squared, 0.0))[0]


def log_improvement(means: np.ndarray, deviations: np.ndarray, best: float) -> np.ndarray:
    """Return ln of the expected improvement over `best`, without underflow.

    Ament et al. 2023 (arXiv 2310.20708), Equation 9.
    """
    above = np.maximum((means - best) / deviations, -1e5)
    density = np.exp(-0.5 * above * above) / math.sqrt(2 * math.pi)
    near = np.log(np.maximum(density + above * ndtr(above), 1e-300))
    tail = 1.0 + above * math.sqrt(math.pi / 2) * erfcx(-np.minimum(above, 0.0) / math.sqrt(2))
    far = -0.5 * above * above - 0.5 * math.log(2 * math.pi) + np.log(np.maximum(tail, 1e-300))
    return np.where(above > -1.0, near, far) + np.log(deviations)


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all libraries that are loaded, once


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which matrices, which are small here, are not shared among threads."""
    return _pools().limit(limits=1)


def _matern(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Matérn 5/2 of squared distances, and its slope by them."""
    far = np.sqrt(5 * squared)
    falling = np.exp(-far)
    slope = (-5 / 6) * (1 + far) * falling
    return (1 + far + far * far / 3) * falling, slope
