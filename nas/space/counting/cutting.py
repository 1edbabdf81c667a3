"""Where each chain is cut, and its halves joined; halves that several chains have are listed once.

A cut is where the halves have the fewest paths. What must be kept for several chains is what any of
them can complete within the budget.
"""

from collections.abc import Sequence

import numpy as np

from nas.space.counting.chains import OPEN, Budget, Chain, Step
from nas.space.counting.grids import Grid, Ranges
from nas.space.counting.halves import Arrows, Half, Window
from nas.space.counting.integers import FITS
from nas.space.counting.joins import Join
from nas.space.counting.reach import Reach, Walks, merged

_QUERY = 4  # what a first half costs, in second halves


def window(limits: Budget, reach: Reach, watched: Sequence[int]) -> Window | None:
    """Return the bounds that rule something out, and the quantities to watch; None: all is out.

    `reach` is that of whole paths.
    """
    if not reach.paths.any():
        return None
    least, most = reach.low.min(axis=0), reach.high.max(axis=0)
    if (limits.low > np.minimum(most, limits.high)).any() or (limits.high < least).any():
        return None
    low = np.where(limits.low > least, limits.low, -OPEN)
    high = np.where(limits.high < most, limits.high, OPEN)
    bounded = (low > -OPEN) | (high < OPEN)
    bounded[list(watched)] = True
    chosen = np.flatnonzero(bounded)
    width = np.minimum(limits.high, most) - np.maximum(limits.low, least) + 1
    return Window(
        quantities=tuple(chosen.tolist()),
        low=tuple(low[chosen].tolist()),
        high=tuple(high[chosen].tolist()),
        width=tuple(width[chosen].tolist()),
    )


def joins(
    chains: Sequence[Chain], walks: Walks, limits: Window, *, cells: int
) -> list[tuple[int, Join]]:
    """Return the chains that have paths, by number, with their halves joined.

    Args:
        chains: all of them.
        walks: of these chains.
        limits: what the paths must keep.
        cells: about how many half paths are kept, of all together, and bins of all grids.

    Raises:
        ValueError: a chain has more paths than the numbers of its halves can name.
    """
    cut = {
        number: _cut(chain, walks)
        for number, chain in enumerate(chains)
        if walks.before(chain.steps).paths.any()
    }
    firsts: dict[tuple[int, ...], list[int]] = {}
    seconds: dict[tuple[int, ...], list[int]] = {}
    keys = []
    for number, place in cut.items():
        ids = tuple(id(step) for step in chains[number].steps)
        keys.append((number, ids[:place], ids[place:]))
        firsts.setdefault(ids[:place], []).append(number)
        seconds.setdefault(ids[place:], []).append(number)
    most = max(1, cells // (len(firsts) + len(seconds)))
    first_halves: dict[tuple[int, ...], Half] = {}
    for key, users in firsts.items():
        completion = merged([walks.behind(chains[each].steps[cut[each] :]) for each in users])
        first = chains[users[0]].steps[: cut[users[0]]]
        reaches = [walks.before(first[:place]) for place in range(len(first) + 1)]
        steps = [_arrows(step) for step in first]
        first_halves[key] = Half(steps, (reaches, completion), limits, most=most)
    second_halves: dict[tuple[int, ...], tuple[Half, Grid]] = {}
    for key, users in seconds.items():
        completion = merged([walks.before(chains[each].steps[: cut[each]]) for each in users])
        second = chains[users[0]].steps[cut[users[0]] :]
        reaches = [walks.behind(second[place:]) for place in range(len(second), -1, -1)]
        steps = [_arrows(step, back=True) for step in reversed(second)]
        half = Half(steps, (reaches, completion), limits, most=most)
        ranges = _ranges(half, completion, limits)
        grid = Grid(half.cells, ranges, limits.width, most=cells // len(seconds))
        second_halves[key] = half, grid
    return [
        (number, Join(first_halves[begun], *second_halves[ended], limits))
        for number, begun, ended in keys
    ]


def _cut(chain: Chain, walks: Walks) -> int:
    """Return after how many steps to cut, so that the halves have few paths."""
    best, least = -1, np.inf
    for cut in range(len(chain.steps) + 1):
        before = walks.before(chain.steps[:cut]).paths
        behind = walks.behind(chain.steps[cut:]).paths
        first, second = before[behind > 0].sum(), behind[before > 0].sum()
        if _QUERY * first + second < least and max(first, second) < FITS / 2:
            best, least = cut, _QUERY * first + second
    if best < 0:
        raise ValueError("a chain has too many paths: 2^61 in each of its halves at most")
    return best


def _arrows(step: Step, *, back: bool = False) -> Arrows:
    edge = np.flatnonzero(step.before >= 0)
    before, after = step.before[edge], step.after[edge]
    return Arrows(
        source=after if back else before,
        target=before if back else after,
        prices=step.prices[edge],
        edge=edge,
    )


def _ranges(half: Half, completion: Reach, window: Window) -> Ranges:
    """Return between which prices the half's cells lie, without a look at them."""
    states = np.flatnonzero((half.reach.paths > 0) & (completion.paths > 0))
    lows, highs = [], []
    for place, quantity in enumerate(window.quantities):
        least, most = half.reach.low[states, quantity], half.reach.high[states, quantity]
        needed = window.low[place] - completion.high[states, quantity]
        allowed = window.high[place] - completion.low[states, quantity]
        low = np.maximum(least, needed) - half.cells.slack[place]
        lows.append(low)
        highs.append(np.maximum(low, np.minimum(most, allowed)))
    return Ranges(states=states, low=tuple(lows), high=tuple(highs))
