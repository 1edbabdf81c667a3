"""What the parts of paths cost at least and at most, state by state: exact, and cheap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.space.counting.chains import START, Chain, Step

FAR = 2**60  # more than any sum of prices


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reach:
    """Of the paths between one end of a chain and each state: their number and extreme prices."""

    paths: np.ndarray  # [states], float64; 0 where none leads
    low: np.ndarray  # [states, quantities]; FAR where no path leads
    high: np.ndarray  # [states, quantities]; -FAR there


def at(states: int, quantities: int, *, state: int | None = None) -> Reach:
    """Return an end of a chain: at one state, or at any of them."""
    paths = np.ones(states)
    if state is not None:
        paths[:] = 0.0
        paths[state] = 1.0
    there = paths[:, None] > 0
    shape = (states, quantities)
    return Reach(
        paths=paths,
        low=np.broadcast_to(np.where(there, 0, FAR), shape),
        high=np.broadcast_to(np.where(there, 0, -FAR), shape),
    )


def advanced(reach: Reach, source: np.ndarray, target: np.ndarray, prices: np.ndarray) -> Reach:
    """Return the reach after edges from `source` to `target`, of prices [edges, quantities]."""
    passed = np.flatnonzero(reach.paths[source] > 0)
    passed = passed[np.argsort(target[passed], kind="stable")]
    paths = np.zeros_like(reach.paths)
    low, high = np.full_like(reach.low, FAR), np.full_like(reach.high, -FAR)
    if len(passed):
        into, out_of, price = target[passed], source[passed], prices[passed]
        first = np.flatnonzero(np.r_[True, into[1:] != into[:-1]])
        states = into[first]
        paths[states] = np.add.reduceat(reach.paths[out_of], first)
        low[states] = np.minimum.reduceat(reach.low[out_of] + price, first, axis=0)
        high[states] = np.maximum.reduceat(reach.high[out_of] + price, first, axis=0)
    return Reach(paths=paths, low=low, high=high)


def merged(several: Sequence[Reach]) -> Reach:
    """Return what any of them reaches."""
    return Reach(
        paths=np.maximum.reduce([each.paths for each in several]),
        low=np.minimum.reduce([each.low for each in several]),
        high=np.maximum.reduce([each.high for each in several]),
    )


class Walks:
    """The reach of chains after each number of steps, from either end; shared steps walk once."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        """Take in the chains."""
        self.chains = tuple(chains)
        steps = {id(step): step for chain in chains for step in chain.steps}.values()
        self.states = 1 + max(int(max(step.before.max(), step.after.max())) for step in steps)
        self._quantities = chains[0].steps[0].prices.shape[1]
        self._known: dict[tuple[bool, tuple[int, ...]], Reach] = {}

    def before(self, steps: Sequence[Step]) -> Reach:
        """Return the reach from START by these first steps of a chain."""
        return self._walked(tuple(steps), back=False)

    def behind(self, steps: Sequence[Step]) -> Reach:
        """Return the reach from the chain's end, at any state, back over these last steps."""
        return self._walked(tuple(reversed(steps)), back=True)

    def _walked(self, steps: tuple[Step, ...], *, back: bool) -> Reach:
        key = back, tuple(id(step) for step in steps)
        if key not in self._known:
            if not steps:
                state = None if back else START
                self._known[key] = at(self.states, self._quantities, state=state)
            else:
                step, reach = steps[-1], self._walked(steps[:-1], back=back)
                open_ = step.before >= 0
                before, after = step.before[open_], step.after[open_]
                ends = (after, before) if back else (before, after)
                self._known[key] = advanced(reach, *ends, step.prices[open_])
        return self._known[key]

    def whole(self) -> Reach:
        """Return the reach of whole paths, of all chains."""
        return merged([self.before(chain.steps) for chain in self.chains])

    def paths(self) -> float:
        """Return how many paths there are, to some 15 digits; a multiplicity is not in it."""
        return float(sum(self.before(chain.steps).paths.sum() for chain in self.chains))

    def extremes(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the least and the largest sum of each quantity, or None without a path."""
        reach = self.whole()
        if not reach.paths.any():
            return None
        return reach.low.min(axis=0), reach.high.max(axis=0)


def extremes(chains: Sequence[Chain]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the least and the largest sum of each quantity over all paths, or None without any.

    Every one of these is attained, though not by the same path.
    """
    return Walks(chains).extremes()
