"""What is counted: chains of priced steps, and the budget that their sums must keep.

A chain is a sequence of steps, a step a set of edges from a state to a state, each with a price. A
path takes one edge of every step, beginning at START, each edge where the one before it ended; its
price is the sum. What quantities and states mean is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

START = 0  # the state in which every path begins
BARRED = -1  # as `before`: no path takes this edge
MAX_STATE = 60_000
FARTHEST = 2**58  # no sum of prices may be as large, so that differences and slack fit 64 bits
OPEN = 2**62  # as a bound, with its sign: none


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Step:
    """The edges of a step; equal steps of several chains should be one object, priced once."""

    before: np.ndarray  # [edges], states; BARRED where no path may pass
    after: np.ndarray  # [edges], states
    prices: np.ndarray  # [edges, quantities], int64

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other."""
        edges = len(self.before)
        if self.prices.ndim != 2 or {len(self.after), len(self.prices)} != {edges} or not edges:
            raise ValueError("a step has a before, an after and a row of prices for every edge")
        for name in ("before", "after", "prices"):
            if getattr(self, name).dtype != np.int64:
                raise ValueError(f"a step's {name} must be int64")
        if self.before.min() < BARRED or self.after.min() < 0:
            raise ValueError("states are numbered from 0")
        if max(self.before.max(), self.after.max()) > MAX_STATE:
            raise ValueError(f"states are numbered up to {MAX_STATE:,} at most")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Chain:
    """Paths through steps; each stands for `multiplicity` points of equal price."""

    steps: tuple[Step, ...]
    multiplicity: int = 1

    def __post_init__(self) -> None:
        """Refuse a chain without steps, or with prices of several kinds or beyond 64 bits."""
        if not self.steps or self.multiplicity < 1:
            raise ValueError("a chain has at least one step and a multiplicity of at least 1")
        if len({step.prices.shape[1] for step in self.steps}) > 1:
            raise ValueError("all steps of a chain have prices of the same quantities")
        if sum(int(np.abs(step.prices).max(initial=0)) for step in self.steps) >= FARTHEST:
            raise ValueError("the prices of a chain add up to 2^58 or more")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Budget:
    """Least and largest sums allowed, both included; -OPEN and OPEN where there is no bound."""

    low: np.ndarray  # [quantities], int64
    high: np.ndarray  # [quantities], int64

    def __post_init__(self) -> None:
        """Refuse bounds of different quantities."""
        if self.low.shape != self.high.shape or {self.low.dtype, self.high.dtype} != {
            np.dtype(np.int64)
        }:
            raise ValueError("a budget has a low and a high of every quantity, int64")

    def holds(self, prices: np.ndarray) -> np.ndarray:
        """Return which prices [n, quantities] keep the budget, [n]."""
        return np.all((prices >= self.low) & (prices <= self.high), axis=1)

    def narrowed(
        self, quantity: int, *, low: int | None = None, high: int | None = None
    ) -> "Budget":
        """Return the budget with these bounds of a quantity too."""
        lows, highs = self.low.copy(), self.high.copy()
        if low is not None:
            lows[quantity] = max(int(lows[quantity]), _bound(low))
        if high is not None:
            highs[quantity] = min(int(highs[quantity]), _bound(high))
        return Budget(low=lows, high=highs)


def budget(
    quantities: int, bounds: Mapping[int, tuple[int | None, int | None]] | None = None
) -> Budget:
    """Return a budget of so many quantities, open but for the bounds given: low, high or None."""
    found = Budget(
        low=np.full(quantities, -OPEN, np.int64), high=np.full(quantities, OPEN, np.int64)
    )
    for quantity, (low, high) in (bounds or {}).items():
        found = found.narrowed(quantity, low=low, high=high)
    return found


def only(chain: Chain, allowed: Mapping[int, int | np.ndarray]) -> Chain:
    """Return the chain with some steps restricted to an edge, or to some of their edges.

    The others are barred, so that edges keep their numbers. This is how points are drawn that share
    some choices with a given one.
    """
    steps = list(chain.steps)
    for number, edges in allowed.items():
        before = np.full_like(steps[number].before, BARRED)
        before[edges] = steps[number].before[edges]
        steps[number] = replace(steps[number], before=before)
    return replace(chain, steps=tuple(steps))


def checked(chains: Sequence[Chain], limits: Budget) -> int:
    """Return how many quantities the chains and the budget have.

    Raises:
        ValueError: they differ in that, or there is no chain.
    """
    found = {chain.steps[0].prices.shape[1] for chain in chains}
    if found != {len(limits.low)}:
        raise ValueError(
            f"chains have prices of {sorted(found)} quantities, the budget of {len(limits.low)}"
        )
    return len(limits.low)


def _bound(value: int) -> int:
    return max(-OPEN, min(OPEN, value))
