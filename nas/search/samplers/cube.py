"""The points of a space as rows of a unit cube, all of equal length, and back."""

from collections.abc import Sequence

import numpy as np

from nas.search.samplers.distributions import Axes
from nas.search.samplers.sampler import Assignment

LEVELS = 17  # of an axis that has more values, those that are tried


class Cube:
    """A column for each axis of a space; what a layout lacks stands in the middle of its axis."""

    def __init__(self, axes: Axes) -> None:
        """Take all axes, the layout's first."""
        self._axes = axes
        self.words = np.array([axis.words for axis in axes.all])  # which columns have no order
        self.levels = [  # the places that are tried in each column
            np.array([axis.unit(value) for value in axis.levels(LEVELS)]) for axis in axes.all
        ]
        self._middle = np.array([axis.unit(axis.middle) for axis in axes.all])
        layouts = axes.all[0].levels(LEVELS)
        self._has = np.array(  # which columns each layout has
            [[axis.name in axes.of_layout(str(layout)) for axis in axes.all] for layout in layouts]
        )

    def row(self, point: Assignment) -> np.ndarray:
        """Return a point's row."""
        told = self._axes.filled(point)
        return np.array([axis.unit(told[axis.name]) for axis in self._axes.all])

    def rows(self, points: Sequence[Assignment]) -> np.ndarray:
        """Return a row for each point."""
        return np.array([self.row(point) for point in points]).reshape(-1, len(self.words))

    def point(self, row: np.ndarray) -> Assignment:
        """Return the point of a row."""
        told = {
            axis.name: axis.at(float(unit)) for axis, unit in zip(self._axes.all, row, strict=True)
        }
        return self._axes.meant(told)

    def settled(self, rows: np.ndarray) -> np.ndarray:
        """Return rows with what their layouts lack in the middle."""
        if self._has.all():
            return rows
        layouts = np.rint(rows[:, 0] * (len(self._has) - 1)).astype(int)
        return np.where(self._has[layouts], rows, self._middle)

    def drawn(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return random rows: every column by itself, each of its levels equally likely."""
        columns = [rng.choice(levels, count) for levels in self.levels]
        return self.settled(np.stack(columns, axis=1))

    def beside(self, row: np.ndarray) -> np.ndarray:
        """Return all rows that differ from one in a single column."""
        found = []
        for column, levels in enumerate(self.levels):
            others = levels[levels != row[column]]
            changed = np.repeat(row[None], len(others), axis=0)
            changed[:, column] = others
            found.append(changed)
        rows = self.settled(np.concatenate(found)) if found else row[None][:0]
        return rows[(rows != row).any(axis=1)]
