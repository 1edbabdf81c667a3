"""A Gaussian process over all points; the largest expected improvement among those it climbs to."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from nas.search.samplers.cube import Cube
from nas.search.samplers.distributions import Axes
from nas.search.samplers.gaussian import Kernel, Process, fit, log_improvement, one_thread
from nas.search.samplers.learning import Seen
from nas.search.samplers.sampler import Assignment
from nas.search.samplers.tpe import STARTUP, told, visible
from nas.seeds import derive_seed

NEWEST = 60  # its time grows with the square of what it is shown, a fit's with the cube
BEST = 40  # of those that are older
REFIT = 1.1  # lengths and noise are fitted anew at so many times as many candidates
DRAWN = 200  # random rows that are looked at
KNOWN_STARTS, DRAWN_STARTS = 2, 2  # where a climb begins: at the best known, at the best drawn
CLIMB = 8  # changes of a climb at most
LOOKS = 3  # of the changes of a step, those that may be taken
TRIES = 24  # rows that a climb asks about at most; as many more where it found none wanted

Hope: TypeAlias = Callable[[np.ndarray], np.ndarray]  # ln of the expected improvement, row by row
_Place: TypeAlias = tuple[np.ndarray, float]  # a row, and what is hoped for there


class Gp:
    """Expected improvement under a Gaussian process; of what is pending it believes its own mean.

    It knows no conditions: what a layout lacks stands in the middle.
    """

    startup = STARTUP

    def __init__(
        self, axes: Axes, *, seed: int, trainable: Callable[[Assignment], bool] = lambda _: True
    ) -> None:
        """Choose points of the space of these axes, such as `trainable` accepts where it can."""
        self._cube, self._seed, self._trainable = Cube(axes), seed, trainable
        self._rows: list[np.ndarray] = []  # of all candidates, by place
        self._known: set[bytes] = set()
        self._kernel = Kernel.usual(len(axes.all))
        self._next_fit = STARTUP

    def learned(self, seen: Seen) -> None:
        """Fit lengths and noise where a tenth more has ended, by what is known at that moment."""
        if seen.ended < self._next_fit:
            return
        self._next_fit = max(seen.ended + 1, round(REFIT * seen.ended))
        rows, worths = self._told(seen)
        if seen.ended <= NEWEST + BEST:
            self._kernel = Kernel.usual(rows.shape[1])
        self._kernel = fit(rows, worths, self._cube.words, self._kernel)

    def choose(self, seen: Seen) -> Assignment:
        """Return the point of the largest expected improvement that was found."""
        rows, worths = self._told(seen)
        with one_thread():
            process = Process(rows, worths, self._cube.words, self._kernel)
            means, _ = process.at(rows)
            best = float(means.max())
            process = self._pending(process, seen)

            def hope(asked: np.ndarray) -> np.ndarray:
                return log_improvement(*process.at(asked), best)

            order = np.argsort(-means, kind="stable")
            return self._cube.point(self._found(seen, rows[order], hope))

    def _told(self, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and standardised worths of what it is shown."""
        while len(self._rows) < len(seen.points):
            self._rows.append(self._cube.row(seen.points[len(self._rows)]))
            self._known.add(self._rows[-1].tobytes())
        places = visible(seen, newest=NEWEST, best=BEST)
        worths = told(seen, places)
        values = np.array([worths[place][0] for place in places])
        spread = float(values.std()) or 1.0
        return np.array([self._rows[place] for place in places]), (values - values.mean()) / spread

    def _pending(self, process: Process, seen: Seen) -> Process:
        rows = [self._rows[place] for place in seen.pending]
        return process.believing(np.array(rows)) if rows else process

    def _found(self, seen: Seen, best: np.ndarray, hope: Hope) -> np.ndarray:
        """Return the row of the most hope that can be trained and is new; else of the most hope.

        Climbs by single changes, from the best known rows and from the best random ones.
        """
        rng = np.random.default_rng(derive_seed(self._seed, "gp", seen.number))
        drawn = self._cube.drawn(DRAWN, rng)
        hopes = hope(drawn)
        drawn = drawn[np.argsort(-hopes, kind="stable")[:DRAWN_STARTS]]
        climb = _Climb(self._cube, hope, self._wanted)
        return climb.top(np.vstack([drawn, best[:KNOWN_STARTS]]))

    def _wanted(self, row: np.ndarray) -> bool:
        return row.tobytes() not in self._known and self._trainable(self._cube.point(row))


class _Climb:
    """Climbs to what is hoped for most, by single changes to rows that are wanted."""

    def __init__(self, cube: Cube, hope: Hope, wanted: Callable[[np.ndarray], bool]) -> None:
        self._cube, self._hope, self._wanted = cube, hope, wanted
        self._answers: dict[bytes, bool] = {}
        self._most = TRIES  # rows that may be asked about
        self._beside: list[tuple[np.ndarray, np.ndarray]] = []  # looked at, with heights

    def top(self, starts: np.ndarray) -> np.ndarray:
        """Return the highest row that is wanted; the first of `starts` where there is none."""
        top, most = starts[0], -np.inf
        heights = self._hope(starts)
        for row, height in zip(starts, heights, strict=True):
            if height > most and self._accepts(row):
                top, most = row, height
        going = list(zip(starts, heights, strict=True))
        for _ in range(CLIMB):
            going = self._higher(going)
            for row, height in going:
                if height > most:
                    top, most = row, height
            if not going:
                break
        return top if most > -np.inf else self._rest(top)

    def _rest(self, otherwise: np.ndarray) -> np.ndarray:
        """Return the highest row that is wanted of all that were looked at, in as many tries."""
        self._most += TRIES
        rows = np.concatenate([rows for rows, _ in self._beside])
        heights = np.concatenate([heights for _, heights in self._beside])
        order = np.argsort(-heights, kind="stable")
        return next((rows[place] for place in order if self._accepts(rows[place])), otherwise)

    def _higher(self, going: list[_Place]) -> list[_Place]:
        """Return where one change takes each, without those that it takes no higher."""
        beside = [self._cube.beside(row) for row, _ in going]
        heights = np.split(
            self._hope(np.concatenate(beside)), np.cumsum([len(rows) for rows in beside])[:-1]
        )
        self._beside += zip(beside, heights, strict=True)
        moved: dict[bytes, _Place] = {}  # two that meet go on as one
        for (_, height), rows, others in zip(going, beside, heights, strict=True):
            for place in np.argsort(-others, kind="stable")[:LOOKS]:
                if others[place] > height and self._accepts(rows[place]):
                    moved[rows[place].tobytes()] = rows[place], float(others[place])
                    break
        return list(moved.values())

    def _accepts(self, row: np.ndarray) -> bool:
        code = row.tobytes()
        if code not in self._answers:
            if len(self._answers) >= self._most:
                return False
            self._answers[code] = self._wanted(row)
        return self._answers[code]
