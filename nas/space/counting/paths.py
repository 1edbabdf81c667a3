"""Paths as arrays of edges: what they cost, and all of a small space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.space.counting.chains import START, Budget, Chain, checked

NONE = -1  # as an edge: the chain has no such step


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Paths:
    """Paths of several chains."""

    chain: np.ndarray  # [n], numbers of chains
    edges: np.ndarray  # [n, steps of the longest chain], the edge of each step; NONE after the last

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.chain)


def prices(chains: Sequence[Chain], paths: Paths) -> np.ndarray:
    """Return what the paths cost, [n, quantities], int64."""
    quantities = chains[0].steps[0].prices.shape[1]
    found = np.zeros((len(paths), quantities), np.int64)
    for number in np.unique(paths.chain).tolist():
        rows = np.flatnonzero(paths.chain == number)
        for place, step in enumerate(chains[number].steps):
            found[rows] += step.prices[paths.edges[rows, place]]
    return found


def gathered(parts: Sequence[tuple[int, np.ndarray]], steps: int) -> Paths:
    """Return the paths of several chains, numbers and [n, steps] edges, as one."""
    chain = [np.full(len(edges), number) for number, edges in parts]
    padded = [
        np.pad(edges, ((0, 0), (0, steps - edges.shape[1])), constant_values=NONE)
        for _, edges in parts
    ]
    return Paths(
        chain=np.concatenate([np.zeros(0, np.int64), *chain]),
        edges=np.concatenate([np.zeros((0, steps), np.int64), *padded]),
    )


def enumerate_paths(chains: Sequence[Chain], limits: Budget, *, most: int = 1_000_000) -> Paths:
    """Return all paths in the budget: chain by chain, then by their edges, the last runs fastest.

    A path stands for its chain's `multiplicity` points.

    Raises:
        ValueError: there are more than `most` paths, in the budget or not.
    """
    checked(chains, limits)
    parts, met = [], 0
    for number, chain in enumerate(chains):
        edges = _all(chain, most)
        met += len(edges)
        if met > most:
            raise ValueError(f"there are more than {most:,} paths to list")
        found = Paths(chain=np.full(len(edges), number), edges=edges)
        parts.append((number, edges[limits.holds(prices(chains, found))]))
    return gathered(parts, max(len(chain.steps) for chain in chains))


def _all(chain: Chain, most: int) -> np.ndarray:
    """Return the edges of all paths, [n, steps], or of more than `most` that begin."""
    edges, state = np.zeros((1, 0), np.int64), np.array([START])
    for step in chain.steps:
        parent, edge = _continued(state, step.before)
        if len(parent) > most:
            raise ValueError(f"there are more than {most:,} paths to list")
        edges = np.concatenate([edges[parent], edge[:, None]], axis=1)
        state = step.after[edge]
    return edges


def _continued(state: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair of a path and an edge that goes on from its state, path by path."""
    order = np.argsort(before, kind="stable")
    ordered = before[order]
    first = np.searchsorted(ordered, state, side="left")
    count = np.searchsorted(ordered, state, side="right") - first
    parent = np.repeat(np.arange(len(state)), count)
    within = np.arange(len(parent)) - np.repeat(np.cumsum(count) - count, count)
    return parent, order[first[parent] + within]
