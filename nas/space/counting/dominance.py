"""How many points lie in boxes: exactly, for many boxes at once, in any number of dimensions.

Prices become ranks, so that a box is an interval of ranks in each dimension. Two dimensions are
counted down a wavelet matrix (Claude, Navarro and Ordóñez 2015): points in order of the first are
split, bit by bit, by their rank in the second. Each further dimension is cut into the intervals of
a binary tree, of which a bound [0, r) takes one for each bit of r that is set; within each the
dimensions before it are counted. That is n log n work in one or two dimensions, and a factor of
log n for each further one.
"""

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from nas.space.counting.integers import ascending, cumulated

_FITS = 2**62
_SORTING = 10  # steps that sorting takes, beside those of counting


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Points:
    """Points in groups; weights count how often each is there, and add up to less than 2^62."""

    group: np.ndarray  # [points]
    values: tuple[np.ndarray, ...]  # for each dimension: [points], int64
    weight: np.ndarray  # [points], int64


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Boxes:
    """Boxes, each within a group; both bounds are included, and may be None for all boxes."""

    group: np.ndarray  # [boxes]
    low: tuple[np.ndarray | None, ...]  # for each dimension: [boxes], int64
    high: tuple[np.ndarray | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Asked:
    """Points in order of group and first dimension, of which each box spans some in a row."""

    group: np.ndarray  # [points]
    ranks: tuple[np.ndarray, ...]  # in each further dimension: [points], within the group
    weight: np.ndarray  # [points]
    boxes: np.ndarray  # [boxes], the group of each
    begin: np.ndarray  # [boxes], the first point
    end: np.ndarray  # [boxes]
    ends: tuple[np.ndarray, ...]  # in each further dimension: [boxes]; lower ranks are inside


def counted(points: Points, boxes: Boxes) -> np.ndarray:
    """Return the weight of the points in each box, [boxes], int64."""
    found = np.zeros(len(boxes.group), np.int64)
    if not len(points.group) or not len(boxes.group):
        return found
    bounded = _ordered(boxes)
    further = bounded[1:]
    axis = _Axis(points, boxes, bounded[0] if bounded else None)
    order, begin, end = axis.order, axis.begin, axis.end
    group, weight = points.group[order].astype(np.int64), points.weight[order]
    ranks: list[np.ndarray] = []
    bounds: list[list[tuple[np.ndarray, int]]] = []
    for dimension in further:
        axis = _Axis(points, boxes, dimension)
        ranks.append(axis.ranks()[order])
        # [low, high] is what is below its end without what is below its beginning
        ends = [(axis.rank_at(axis.end), 1)]
        if boxes.low[dimension] is not None:
            ends.append((axis.rank_at(axis.begin), -1))
        bounds.append(ends)
    for corner in product(*bounds):
        part = _count(
            _Asked(
                group=group,
                ranks=tuple(ranks),
                weight=weight,
                boxes=boxes.group.astype(np.int64),
                begin=begin,
                end=end,
                ends=tuple(each for each, _ in corner),
            )
        )
        found += part * prod(sign for _, sign in corner)
    return found


def work(points: int, boxes: int, dimensions: int) -> int:
    """Return about how many elementary steps `counted` takes, of some 10 nanoseconds each."""
    bits = max(1, points.bit_length())
    return (points + 2 * boxes) * (_SORTING + (bits ** (dimensions - 1) if dimensions > 1 else 0))


def _ordered(boxes: Boxes) -> list[int]:
    """Return the dimensions with a bound, first those with two: one of these costs nothing more."""
    bounds = {
        dimension: (low is not None) + (high is not None)
        for dimension, (low, high) in enumerate(zip(boxes.low, boxes.high, strict=True))
    }
    return sorted((each for each in bounds if bounds[each]), key=lambda each: -bounds[each])


class _Axis:
    """One dimension: the points in order of group and value, and where boxes begin and end."""

    def __init__(self, points: Points, boxes: Boxes, dimension: int | None) -> None:
        """Sort the points; without a dimension, by group alone."""
        values = np.zeros(len(points.group), np.int64)
        low: np.ndarray | None = None
        high: np.ndarray | None = None
        if dimension is not None:
            values = points.values[dimension]
            low, high = boxes.low[dimension], boxes.high[dimension]
        self._group, asked = points.group.astype(np.int64), boxes.group.astype(np.int64)
        groups = 1 + max(int(self._group.max()), int(asked.max()))
        least, span = int(values.min()), int(values.max()) - int(values.min()) + 2
        if groups * span >= _FITS:  # ranks are smaller
            distinct, values = np.unique(values, return_inverse=True)
            low = None if low is None else _places(distinct, low, "left")
            high = None if high is None else _places(distinct, high, "right") - 1
            least, span = 0, len(distinct) + 1
        keys, self.order = ascending(self._group * span + (values - least))
        self._start = np.searchsorted(keys, np.arange(groups + 1) * span)
        self._first, self.end = self._start[asked], self._start[asked + 1]
        self.begin = self._first
        if low is not None:
            wanted = np.clip(low, least, least + span - 1) - least
            self.begin = _places(keys, asked * span + wanted, "left")
        if high is not None:
            wanted = np.clip(high, least - 1, least + span - 2) - least
            self.end = _places(keys, asked * span + wanted, "right")
        self.end = np.maximum(self.begin, self.end)
        self._distinct = cumulated(np.r_[True, keys[1:] != keys[:-1]].astype(np.int64))

    def ranks(self) -> np.ndarray:
        """Return how many smaller values there are in each point's group, [points]."""
        found = np.empty(len(self.order), np.int64)
        found[self.order] = self._distinct[1:] - 1
        return found - self._distinct[self._start[self._group]]

    def rank_at(self, place: np.ndarray) -> np.ndarray:
        """Return which rank, in each box's group, stands at a place, [boxes]."""
        return self._distinct[place] - self._distinct[self._first]


def _count(asked: _Asked) -> np.ndarray:
    if not asked.ranks:
        cumulative = cumulated(asked.weight)
        return cumulative[asked.end] - cumulative[asked.begin]
    if len(asked.ranks) == 1:
        return _wavelet(asked)
    found = np.zeros(len(asked.boxes), np.int64)
    ranks, ends = asked.ranks[-1], asked.ends[-1]
    bits = _bits(ranks, ends)
    for bit in range(bits):
        inside = np.flatnonzero((ranks >> bit & 1) == 0)
        asking = np.flatnonzero(ends >> bit & 1)
        if len(inside) and len(asking):
            keys = asked.group[inside] << bits | ranks[inside] >> bit
            wanted = asked.boxes[asking] << bits | (ends[asking] >> bit) - 1
            _add(found, asked, inside, asking, (keys, wanted))
    return found


def _add(
    found: np.ndarray,
    asked: _Asked,
    inside: np.ndarray,
    asking: np.ndarray,
    keys: tuple[np.ndarray, np.ndarray],
) -> None:
    """Add for the boxes `asking` what they have of the points `inside` whose keys are theirs.

    That settles the last dimension; those before it are left to count in.
    """
    there, group = np.unique(keys[0], return_inverse=True)
    boxes = np.minimum(_places(there, keys[1], "left"), len(there) - 1)
    met = np.flatnonzero(there[boxes] == keys[1])
    asking, boxes = asking[met], boxes[met]
    size = len(asked.group) + 1
    ordered, order = ascending(group * size + inside)
    inside, group = inside[order], group[order]
    found[asking] += _count(
        _Asked(
            group=group,
            ranks=tuple(each[inside] for each in asked.ranks[:-1]),
            weight=asked.weight[inside],
            boxes=boxes,
            begin=_places(ordered, boxes * size + asked.begin[asking], "left"),
            end=_places(ordered, boxes * size + asked.end[asking], "left"),
            ends=tuple(each[asking] for each in asked.ends[:-1]),
        )
    )


def _wavelet(asked: _Asked) -> np.ndarray:
    ranks, ends = asked.ranks[0].astype(np.int32), asked.ends[0]
    weight, begin, end = asked.weight, asked.begin, asked.end
    alike = bool((weight == 1).all())
    found = np.zeros(len(asked.boxes), np.int64)
    for bit in reversed(range(_bits(ranks, ends))):
        ones = (ranks >> bit & 1).astype(bool)
        zeros = cumulated((~ones).astype(np.int32))  # before each place
        order = np.concatenate([np.flatnonzero(~ones), np.flatnonzero(ones)])
        ranks = ranks[order]
        first, last = zeros[begin], zeros[end]
        above = (ends >> bit & 1).astype(bool)
        if alike:
            found += np.where(above, last - first, 0)
        else:
            weight = weight[order]
            cumulative = cumulated(weight)
            found += np.where(above, cumulative[last] - cumulative[first], 0)
        begin = np.where(above, zeros[-1] + begin - first, first)
        end = np.where(above, zeros[-1] + end - last, last)
    return found


def _bits(ranks: np.ndarray, ends: np.ndarray) -> int:
    return max(int(ranks.max(initial=0)), int(ends.max(initial=0))).bit_length()


def _places(ordered: np.ndarray, wanted: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """Return where the values would stand; in their order, since a cache is much faster so."""
    least = int(wanted.min(initial=0))
    values, order = ascending(wanted - least)
    found = np.empty(len(wanted), np.int64)
    found[order] = np.searchsorted(ordered, values + least, side=side)
    return found
